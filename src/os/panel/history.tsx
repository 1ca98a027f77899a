import { Hono } from "hono";
import { z } from "zod";
import { KernError } from "../../errors.ts";
import { filterNames, type Found, History, historyTabs } from "../../panel/history.tsx";
import { textsOf } from "../../approval/read-answer.ts";
import { ApprovalQuery } from "../approval-query.ts";
import { type OsEnv, requires } from "../auth.ts";
import type { PanelParts } from "./parts.ts";
import { words } from "../../panel/words.ts";

const pageSize = 50;
const names = new Set<string>(["cursor", ...filterNames]);
const Tab = z.enum(historyTabs).default("all");

/** Who decided what, when and how. */
export function historyPages({ approvals, now }: PanelParts): Hono<OsEnv> {
  const app = new Hono<OsEnv>();

  app.get("/", requires("approvals:read"), async (c) => {
    const { principal } = c.var;
    const asked = textsOf(c.req.query());
    const typed = new Map([...asked].filter(([name, text]) => names.has(name) && text !== ""));
    const tab = Tab.safeParse(asked.get("status"));
    const show = (
      found: Found | null,
      answer: 200 | 403 | 422 = 200,
      problem?: string,
      reasons: ReadonlyMap<string, string> = new Map(),
    ) =>
      c.html(
        <History
          tab={tab.data ?? "all"}
          draft={{ typed, reasons }}
          seesAll={!principal.ownOnly}
          found={found}
          nowMs={now()}
          problem={problem}
        />,
        answer,
      );
    if (!tab.success) return show(null, 422, words.history.chooseTab(historyTabs.join(", ")));
    const query = ApprovalQuery.safeParse({
      ...Object.fromEntries([...typed].map(([name, text]) => [name, dayAsMoment(name, text)])),
      ...(tab.data !== "all" && { status: tab.data }),
      limit: String(pageSize),
    });
    if (!query.success) {
      const reasons = query.error.issues.map(({ message, path }) => {
        const name = String(path[0]);
        return [name, isDay(name) ? words.history.giveDay : message] as const;
      });
      return show(null, 422, words.history.unreadable, new Map(reasons));
    }
    try {
      const { data, meta } = await approvals.list(
        c.env,
        { ...query.data, ...(tab.data === "all" && { ended: true }) },
        principal,
      );
      const total = { count: meta.total_count, isExact: meta.total_is_exact };
      return show({ approvals: data, total, next: meta.next_cursor });
    } catch (error) {
      if (!(error instanceof KernError)) throw error;
      if (error.status !== 422 && error.status !== 403) throw error;
      return show(null, error.status, error.message);
    }
  });

  return app;
}

function isDay(name: string): boolean {
  return name === "created_after" || name === "created_before";
}

/** A day begins at midnight, UTC. */
function dayAsMoment(name: string, text: string): string {
  return isDay(name) && /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text;
}
