import { visible } from "../approval/visible.ts";
import { Moment } from "./moment.tsx";
import { type Frame, Settings, settingsParts } from "./settings.tsx";

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
          <h2>Link an account</h2>
          <p>
            A code links your account in Slack to you: what you decide there is decided as you then.
          </p>
          <form method="post" action={settingsParts.links.path}>
            <button class="yes">Make a code</button>
          </form>
        </>
      ) : (
        <p class="card">
          The security key, an API key and a machine without sign-in are nobody in particular, so no
          account can stand for them. Sign in as yourself, with a token or through Cloudflare
          Access, to link one.
        </p>
      )}
      <h2>Accounts</h2>
      <p class="dim">A link lasts 90 days; then the account is to be linked anew.</p>
      {links.length === 0 && <p class="card">No account is linked to you.</p>}
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
        <dt>Linked</dt>
        <dd>
          <Moment seconds={linked_at_ms / 1000} nowMs={nowMs} />
        </dd>
        <dt>{isOver ? "Over" : "Until"}</dt>
        <dd>
          <Moment seconds={expires_at_ms / 1000} nowMs={nowMs} />
        </dd>
      </dl>
      <form method="post" action={`${settingsParts.links.path}/remove`}>
        <input type="hidden" name="id" value={id} />
        <button class="no">Unlink {name}</button>
      </form>
    </li>
  );
}

/** The answer to the form: the one time that the code is shown. */
export function NewCode({ code, frame }: { code: string; frame: Frame }) {
  return (
    <Settings part="links" frame={frame}>
      <h2>Your code</h2>
      <p class="card notice" role="status">
        It is shown this once, links one account, and is over in ten minutes. Give it to nobody:
        whoever enters it decides as you.
      </p>
      <pre>{code}</pre>
      <h2>In Slack</h2>
      <ol>
        <li>
          Press Link my account below a refusal of kern's, or open the shortcuts (the + beside where
          you write) and choose Link my kern account.
        </li>
        <li>Enter the code, and press Link.</li>
      </ol>
      <p>
        <a href={settingsParts.links.path}>Back to the accounts</a>
      </p>
    </Settings>
  );
}
