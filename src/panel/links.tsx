import { visible } from "../approval/visible.ts";
import { Moment } from "./moment.tsx";
import { type Frame, Settings, settingsParts } from "./settings.tsx";
import { words } from "./words.ts";

/** An account elsewhere that stands for whoever looks at the page; times are epoch milliseconds. */
export interface LinkShown {
  id: string;
  name: string;
  linked_at_ms: number;
  expires_at_ms: number;
}

export interface LinksProps {
  links: readonly LinkShown[];
  /** False for who is nobody in particular, and so cannot have accounts of their own. */
  mayLink: boolean;
  frame: Frame;
  nowMs: number;
}

/** The accounts by which somebody decides elsewhere, and the form that makes a code for one more. */
export function LinkedAccounts({ links, mayLink, frame, nowMs }: LinksProps) {
  return (
    <Settings part="links" frame={frame}>
      {mayLink ? (
        <>
          <h2>{words.links.link}</h2>
          <p>{words.links.about}</p>
          <form method="post" action={settingsParts.links.path}>
            <button class="yes">{words.links.make}</button>
          </form>
        </>
      ) : (
        <p class="card">{words.links.nobody}</p>
      )}
      <h2>{words.links.accounts}</h2>
      <p class="dim">{words.links.lasts}</p>
      {links.length === 0 && <p class="card">{words.links.none}</p>}
      <ul class="list">
        {links.map((link) => (
          <Link shown={link} nowMs={nowMs} />
        ))}
      </ul>
    </Settings>
  );
}

function Link({ shown, nowMs }: { shown: LinkShown; nowMs: number }) {
  const { expires_at_ms, id, linked_at_ms } = shown;
  const name = visible(shown.name);
  const isOver = expires_at_ms <= nowMs;
  return (
    <li class="card">
      <h3>{name}</h3>
      <p>
        <code>{visible(id)}</code>
      </p>
      <dl>
        <dt>{words.links.linked}</dt>
        <dd>
          <Moment seconds={linked_at_ms / 1000} nowMs={nowMs} />
        </dd>
        <dt>{isOver ? words.links.over : words.links.until}</dt>
        <dd>
          <Moment seconds={expires_at_ms / 1000} nowMs={nowMs} />
        </dd>
      </dl>
      <form method="post" action={`${settingsParts.links.path}/remove`}>
        <input type="hidden" name="id" value={id} />
        <button class="no">{words.links.unlink(name)}</button>
      </form>
    </li>
  );
}

/** The answer to the form: the one time that the code is shown. */
export function NewCode({ code, frame }: { code: string; frame: Frame }) {
  return (
    <Settings part="links" frame={frame}>
      <h2>{words.links.code}</h2>
      <p class="card notice" role="status">
        {words.links.codeHint}
      </p>
      <pre>{code}</pre>
      <h2>{words.links.inSlack}</h2>
      <ol>
        <li>{words.links.press}</li>
        <li>{words.links.enter}</li>
      </ol>
      <p>
        <a href={settingsParts.links.path}>{words.links.back}</a>
      </p>
    </Settings>
  );
}
