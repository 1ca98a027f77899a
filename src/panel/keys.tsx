import { visible } from "../approval/visible.ts";
import { NewKeyForm } from "./key-form.tsx";
import { Moment } from "./moment.tsx";
import type { Draft } from "../approval/read-answer.ts";
import { type Frame, Settings, settingsParts } from "./settings.tsx";

/** An API key as it is listed, without the key itself; times are epoch seconds. */
export interface KeyShown {
  id: string;
  name: string;
  last4: string;
  scopes: string[];
  groups: string[];
  created_by: string;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
}

export interface KeysProps {
  keys: readonly KeyShown[];
  /** The scopes to choose from. */
  scopes: readonly string[];
  draft: Draft;
  frame: Frame;
  nowMs: number;
}

/** The API keys, and the form that makes one. */
export function Keys({ keys, scopes, draft, frame, nowMs }: KeysProps) {
  const isRefused = draft.reasons.size > 0;
  return (
    <Settings
      part="keys"
      frame={frame}
      problem={isRefused ? "No key was made: see what is said below." : undefined}
    >
      <h2>New key</h2>
      <NewKeyForm scopes={scopes} draft={draft} />
      <h2>Keys</h2>
      {keys.length === 0 && (
        <p class="card">
          There is no key yet. Make one for each service that asks this API, with no more scopes
          than it needs.
        </p>
      )}
      <ul class="list">
        {keys.map((key) => (
          <Key shown={key} nowMs={nowMs} />
        ))}
      </ul>
    </Settings>
  );
}

function Key({ shown, nowMs }: { shown: KeyShown; nowMs: number }) {
  const { created_at, created_by, expires_at, groups, id, last4, revoked_at, scopes } = shown;
  const name = visible(shown.name);
  const isOver = expires_at !== null && expires_at * 1000 <= nowMs;
  return (
    <li class="card">
      <h3>{name}</h3>
      <p>
        <code>{`kern_${id}_…${last4}`}</code>{" "}
        {revoked_at !== null && (
          <span class="paused">
            Revoked <Moment seconds={revoked_at} nowMs={nowMs} />
          </span>
        )}
        {revoked_at === null && expires_at !== null && (
          <span class={isOver ? "paused" : ""}>
            {isOver ? "Expired " : "Expires "}
            <Moment seconds={expires_at} nowMs={nowMs} />
          </span>
        )}
        {revoked_at === null && expires_at === null && "Never expires"}
      </p>
      <dl>
        <dt>Scopes</dt>
        <dd>{visible(scopes.join(", "))}</dd>
        {groups.length > 0 && (
          <>
            <dt>Groups</dt>
            <dd>{visible(groups.join(", "))}</dd>
          </>
        )}
        <dt>Made</dt>
        <dd>
          <Moment seconds={created_at} nowMs={nowMs} /> by {visible(created_by)}
        </dd>
      </dl>
      {revoked_at === null && (
        <details>
          <summary>Revoke {name}</summary>
          <form method="post" action={`${settingsParts.keys.path}/revoke`}>
            <input type="hidden" name="key_id" value={id} />
            <p>It is refused from the next request on, for good.</p>
            <button class="no">Revoke {name} for good</button>
          </form>
        </details>
      )}
    </li>
  );
}

/** The answer to the form: the one time that the key is shown. */
export function NewKey({ name, secret, frame }: { name: string; secret: string; frame: Frame }) {
  return (
    <Settings part="keys" frame={frame}>
      <h2>The key of {visible(name)}</h2>
      <p class="card notice" role="status">
        Copy it now: it is shown this once, and kept nowhere.
      </p>
      <pre>{secret}</pre>
      <p>
        <a href={settingsParts.keys.path}>I have copied it: back to the keys</a>
      </p>
    </Settings>
  );
}
