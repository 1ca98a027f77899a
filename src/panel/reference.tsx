import {
  type Answer,
  type ApiDocument,
  type Media,
  nameOf,
  type Operation,
  type Schema,
} from "./api-document.ts";
import { curlOf } from "./curl.ts";
import { Prose } from "./prose.tsx";
import { Fields, Parameters, Type } from "./reference-fields.tsx";

interface Route {
  method: string;
  path: string;
  operation: Operation;
}

/** The API reference: all of the document on one page, to be read without script. */
export function Reference({ document }: { document: ApiDocument }) {
  const { components, info } = document;
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  const groups = document.tags.map((tag) => ({
    ...tag,
    routes: routes.filter(({ operation }) => operation.tags?.includes(tag.name)),
  }));
  const schemas = Object.entries(components.schemas).sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`API reference · ${info.title}`}</title>
        <link rel="stylesheet" href="/panel/style.css" />
        <link rel="stylesheet" href="/docs/style.css" />
      </head>
      <body class="reference">
        <header>
          <a href="/docs">{info.title}</a>
          <span class="dim">API reference, {info.version}</span>
        </header>
        <nav aria-label="Contents">
          <ul>
            {groups.map(({ name, routes }) => (
              <li>
                <a href={`#tag-${name}`}>{name}</a>
                <ul>
                  {routes.map(({ method, operation }) => (
                    <li>
                      <a href={`#${operation.operationId}`}>
                        <span>{operation.summary}</span> <Method method={method} />
                      </a>
                    </li>
                  ))}
                </ul>
              </li>
            ))}
            <li>
              <a href="#schemas">Schemas</a>
              <ul>
                {schemas.map(([name]) => (
                  <li>
                    <a href={`#schema-${name}`}>{name}</a>
                  </li>
                ))}
              </ul>
            </li>
          </ul>
        </nav>
        <main>
          <h1>API reference</h1>
          {info.description?.split("\n\n").map((text) => (
            <p>
              <Prose text={text} />
            </p>
          ))}
          <p>
            This page is made of <a href="/openapi.json">/openapi.json</a>. Its examples for a
            terminal take the address and the key from the environment:
          </p>
          <pre>export KERN_URL=http://localhost:8787 OS_SECURITY_KEY=…</pre>
          {groups.map(({ description, name, routes }) => (
            <section id={`tag-${name}`}>
              <h2>{name}</h2>
              <p>{description}</p>
              <ul class="list">
                {routes.map(({ method, operation, path }) => (
                  <li>
                    <Method method={method} />{" "}
                    <a href={`#${operation.operationId}`}>
                      <Path path={path} />
                    </a>
                  </li>
                ))}
              </ul>
              {routes.map((route) => (
                <Article {...route} schemas={components.schemas} />
              ))}
            </section>
          ))}
          <section id="schemas">
            <h2>Schemas</h2>
            {schemas.map(([name, schema]) => (
              <article id={`schema-${name}`}>
                <h3>{name}</h3>
                {schema.description !== undefined && (
                  <p>
                    <Prose text={schema.description} />
                  </p>
                )}
                <Fields schema={schema} />
              </article>
            ))}
          </section>
        </main>
      </body>
    </html>
  );
}

function Article({
  method,
  operation,
  path,
  schemas,
}: Route & { schemas: Record<string, Schema> }) {
  const { description, operationId, parameters = [], requestBody, responses, summary } = operation;
  const scopes = operation["x-required-scopes"] ?? [];
  const answers = Object.entries(responses);
  const refusals = answers.filter(([status]) => status >= "400");
  const types = Object.keys(requestBody?.content ?? {});
  const [body] = Object.values(requestBody?.content ?? {}).map(({ schema = {} }) => schema);
  return (
    <article id={operationId}>
      <h3>{summary}</h3>
      <p class="path">
        <Method method={method} /> <Path path={path} />
      </p>
      <p class="dim">
        {scopes.length === 0 ? "Public." : "Scope: "}
        {scopes.map((scope) => (
          <code>{scope}</code>
        ))}
      </p>
      {description !== undefined && (
        <p>
          <Prose text={description} />
        </p>
      )}
      <pre>{curlOf(method, path, operation)}</pre>
      {parameters.length > 0 && (
        <>
          <h4>Parameters</h4>
          <Parameters parameters={parameters} />
        </>
      )}
      {body !== undefined && (
        <>
          <h4>Body</h4>
          <p>
            <Type schema={body} /> <small>{types.join(", ")}</small>
          </p>
          <Fields schema={schemas[nameOf(body) ?? ""] ?? body} />
        </>
      )}
      <h4>Answers</h4>
      {answers
        .filter(([status]) => status < "400")
        .map(([status, answer]) => (
          <Success status={status} answer={answer} />
        ))}
      {refusals.length > 0 && (
        <details>
          <summary>Errors: {refusals.map(([status]) => status).join(", ")}</summary>
          <dl>
            {refusals.map(([status, answer]) => (
              <Refusal status={status} answer={answer} />
            ))}
          </dl>
        </details>
      )}
    </article>
  );
}

function Success({ answer, status }: { answer: Answer; status: string }) {
  const content = Object.entries(answer.content ?? {});
  return (
    <>
      <p>
        <strong>{status}</strong> {answer.description} <Headers answer={answer} />
      </p>
      {content.map(([type, media]) => (
        <Content type={type} media={media} />
      ))}
    </>
  );
}

function Content({ media: { example, schema = {} }, type }: { media: Media; type: string }) {
  const text = typeof example === "string" ? example : JSON.stringify(example, null, 2);
  return (
    <>
      <p>
        <Type schema={schema.contentSchema ?? schema} /> <small>{type}</small>
        {schema.contentSchema !== undefined && <br />}
        {schema.contentSchema !== undefined && <Prose text={schema.description ?? ""} />}
      </p>
      <Fields schema={schema} />
      {text !== undefined && (
        <details>
          <summary>Example</summary>
          <pre>{text}</pre>
        </details>
      )}
    </>
  );
}

function Refusal({ answer, status }: { answer: Answer; status: string }) {
  const examples = Object.values(answer.content?.["application/json"]?.examples ?? {});
  return (
    <>
      <dt>{status}</dt>
      <dd>
        {answer.description} <Headers answer={answer} />
        <ul>
          {examples.map(({ value }) => (
            <li>
              <code>{JSON.stringify(value)}</code>
            </li>
          ))}
        </ul>
      </dd>
    </>
  );
}

function Headers({ answer }: { answer: Answer }) {
  return (
    <>
      {Object.entries(answer.headers ?? {}).map(([name, { description = "" }]) => (
        <span>
          <code>{name}</code>: <Prose text={description} />{" "}
        </span>
      ))}
    </>
  );
}

/** A path, which is broken at its slashes where it is broken. */
function Path({ path }: { path: string }) {
  const [, ...parts] = path.split("/");
  return (
    <code>
      {parts.map((part) => (
        <>
          <wbr />/{part}
        </>
      ))}
    </code>
  );
}

function Method({ method }: { method: string }) {
  return <span class={`method ${method}`}>{method.toUpperCase()}</span>;
}
