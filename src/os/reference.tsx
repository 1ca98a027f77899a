import { Hono } from "hono";
import { html } from "hono/html";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { Reference } from "../panel/reference.tsx";
import { referenceStyle } from "../panel/reference-style.ts";
import type { OsEnv } from "./auth.ts";
import { documentOf } from "./document.ts";

/** The API's document, and the page that is made of it; each is made once, when it is first asked for. */
export function referenceRoutes(
  app: OpenAPIHono<OsEnv>,
  info: { name: string; version: string },
): Hono<OsEnv> {
  const routes = new Hono<OsEnv>();
  const document = once(() => documentOf(app, info));
  const text = once(() => JSON.stringify(document()));
  const page = once(() => html`<!DOCTYPE html>${<Reference document={document()} />}`);

  routes.get("/openapi.json", (c) => c.body(text(), 200, { "content-type": "application/json" }));
  routes.get("/docs", (c) => c.html(page()));
  routes.get("/docs/style.css", (c) =>
    c.text(referenceStyle, 200, {
      "content-type": "text/css; charset=utf-8",
      "cache-control": "no-cache",
    }),
  );
  return routes;
}

/** The routes are all there by the time of the first request, and do not change after it. */
function once<T extends object | string>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
