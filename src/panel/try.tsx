import { visible } from "../approval/visible.ts";
import { Labelled, TextArea } from "./field.tsx";
import { Page } from "./page.tsx";
import type { Draft } from "../approval/read-answer.ts";

/** An agent or a team that somebody may run. */
export interface Runnable {
  kind: "agent" | "team";
  id: string;
  name: string;
  description: string | null;
  examples: readonly string[];
  /** The tools of its own and of its members that wait for a person before they are called. */
  gated: readonly string[];
}

interface TryProps {
  runnables: Runnable[];
  /** Null where there is none. */
  chosen: Runnable | null;
  draft: Draft;
  /** True where the credential may speak for other users. */
  askUser: boolean;
  /** What the last attempt came to, where it did not go through. */
  problem?: string | undefined;
}

/** Where a message is written to an agent or a team, and a run of it begins. */
export function TryIt({ runnables, chosen, draft, askUser, problem }: TryProps) {
  return (
    <Page section="try" title="Try it">
      {problem !== undefined && (
        <p class="card notice" role="alert">
          {visible(problem)}
        </p>
      )}
      {chosen === null ? (
        <p class="card">
          There is no agent or team that you may run here. Agents are given to AgentOS in code, and
          whoever runs one needs its scopes to run and to read.
        </p>
      ) : (
        <>
          <nav aria-label="Agents and teams">
            <ul class="choices">
              {runnables.map((one) => (
                <li>
                  <a href={addressOf(one)} aria-current={one === chosen ? "true" : undefined}>
                    <strong>{visible(one.name)}</strong>
                    <span class="dim">{visible(one.description ?? one.kind)}</span>
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <MessageForm chosen={chosen} draft={draft} askUser={askUser} />
        </>
      )}
    </Page>
  );
}

interface FormProps {
  chosen: Runnable;
  draft: Draft;
  askUser: boolean;
}

function MessageForm({ chosen, draft, askUser }: FormProps) {
  const message = draft.typed.get("message") ?? "";
  const others = chosen.examples.map((text, n) => ({ text, n }));
  return (
    <form method="post" action="/panel/try">
      <input type="hidden" name={chosen.kind} value={chosen.id} />
      <input type="hidden" name="attempt" value={draft.typed.get("attempt") ?? ""} />
      <Labelled
        id="message"
        name="message"
        label={<>Message to {visible(chosen.name)}</>}
        hints={[hintOf(chosen)]}
        draft={draft}
      >
        {(tied) => <TextArea {...tied} rows={3} required text={message} />}
      </Labelled>
      {chosen.examples.length > 1 && (
        <div class="field">
          <p class="dim">Examples to begin with:</p>
          <ul>
            {others.map(({ n, text }) => (
              <li>
                <a href={`${addressOf(chosen)}&example=${n + 1}`}>{visible(text)}</a>
              </li>
            ))}
          </ul>
        </div>
      )}
      {askUser && (
        <Labelled
          id="user_id"
          name="user_id"
          label={
            <>
              User <span class="dim">(for whom it is; may be left empty)</span>
            </>
          }
          draft={draft}
        >
          {(tied) => (
            <input
              {...tied}
              maxlength={255}
              autocomplete="off"
              value={draft.typed.get("user_id") ?? ""}
            />
          )}
        </Labelled>
      )}
      <div class="actions">
        <button>Start the run</button>
      </div>
    </form>
  );
}

function addressOf({ id, kind }: Runnable): string {
  return `/panel/try?${kind}=${encodeURIComponent(id)}`;
}

function hintOf({ gated }: Runnable): string {
  if (gated.length === 0) return "None of its tools waits for a person.";
  return `It stops for a person's approval before it calls ${visible(gated.join(", "))}. The run's page leads there.`;
}
