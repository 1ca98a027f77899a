import { visible } from "../approval/visible.ts";
import { Labelled, TextArea } from "./field.tsx";
import { Page } from "./page.tsx";
import type { Draft } from "../approval/read-answer.ts";
import { words } from "./words.ts";

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
    <Page section="try" title={words.tryIt.title}>
      {problem !== undefined && (
        <p class="card notice" role="alert">
          {visible(problem)}
        </p>
      )}
      {chosen === null ? (
        <p class="card">{words.tryIt.none}</p>
      ) : (
        <>
          <nav aria-label={words.tryIt.runnables}>
            <ul class="choices">
              {runnables.map((one) => (
                <li>
                  <a href={addressOf(one)} aria-current={one === chosen ? "true" : undefined}>
                    <strong>{visible(one.name)}</strong>
                    <span class="dim">
                      {visible(one.description ?? words.tryIt.kinds[one.kind])}
                    </span>
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
        label={words.tryIt.message(visible(chosen.name))}
        hints={[hintOf(chosen)]}
        draft={draft}
      >
        {(tied) => <TextArea {...tied} rows={3} required text={message} />}
      </Labelled>
      {chosen.examples.length > 1 && (
        <div class="field">
          <p class="dim">{words.tryIt.examples}</p>
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
              {words.common.user} <span class="dim">{words.tryIt.userHint}</span>
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
        <button>{words.tryIt.start}</button>
      </div>
    </form>
  );
}

function addressOf({ id, kind }: Runnable): string {
  return `/panel/try?${kind}=${encodeURIComponent(id)}`;
}

function hintOf({ gated }: Runnable): string {
  if (gated.length === 0) return words.tryIt.ungated;
  return words.tryIt.gated(visible(gated.join(", ")));
}
