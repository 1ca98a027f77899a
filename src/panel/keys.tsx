import { visible } from "../approval/visible.ts";
import { NewKeyForm } from "./key-form.tsx";
import { Moment } from "./moment.tsx";
import type { Draft } from "../approval/read-answer.ts";
import { type Frame, Settings, settingsParts } from "./settings.tsx";
import { words } from "./words.ts";

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
    <Settings part="keys" frame={frame} problem={isRefused ? words.apiKeys.refused : undefined}>
      <h2>{words.apiKeys.new}</h2>
      <NewKeyForm scopes={scopes} draft={draft} />
      <h2>{words.apiKeys.title}</h2>
      {keys.length === 0 && <p class="card">{words.apiKeys.none}</p>}
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
            {words.apiKeys.revoked(<Moment seconds={revoked_at} nowMs={nowMs} />)}
          </span>
        )}
        {revoked_at === null && expires_at !== null && (
          <span class={isOver ? "paused" : ""}>
            {(isOver ? words.apiKeys.expired : words.apiKeys.expires)(
              <Moment seconds={expires_at} nowMs={nowMs} />,
            )}
          </span>
        )}
        {revoked_at === null && expires_at === null && words.apiKeys.endless}
      </p>
      <dl>
        <dt>{words.apiKeys.scopes}</dt>
        <dd>{visible(scopes.join(", "))}</dd>
        {groups.length > 0 && (
          <>
            <dt>{words.apiKeys.groups}</dt>
            <dd>{visible(groups.join(", "))}</dd>
          </>
        )}
        <dt>{words.apiKeys.made}</dt>
        <dd>
          {words.apiKeys.madeBy(<Moment seconds={created_at} nowMs={nowMs} />, visible(created_by))}
        </dd>
      </dl>
      {revoked_at === null && (
        <details>
          <summary>{words.apiKeys.revoke(name)}</summary>
          <form method="post" action={`${settingsParts.keys.path}/revoke`}>
            <input type="hidden" name="key_id" value={id} />
            <p>{words.apiKeys.revokeHint}</p>
            <button class="no">{words.apiKeys.revokeForGood(name)}</button>
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
      <h2>{words.apiKeys.of(visible(name))}</h2>
      <p class="card notice" role="status">
        {words.apiKeys.copy}
      </p>
      <pre>{secret}</pre>
      <p>
        <a href={settingsParts.keys.path}>{words.apiKeys.copied}</a>
      </p>
    </Settings>
  );
}
