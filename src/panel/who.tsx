import { visible } from "../approval/visible.ts";
import { type Frame, Settings } from "./settings.tsx";

/** Whoever looks at the page, as far as their credential proves it. */
export interface WhoShown {
  id: string;
  name: string;
  kind: string;
  /** True where many people may stand behind it. */
  shared: boolean;
  scopes: readonly string[];
  groups: readonly string[];
  assurance: string;
  ownOnly: boolean;
  /** Whether it was Cloudflare Access that let them in: what signs out here does not sign out there. */
  byAccess: boolean;
}

export interface WhoProps {
  who: WhoShown;
  /** How this service lets people in; null where that is not for them to know. */
  ways: readonly string[] | null;
  frame: Frame;
}

/** Who is signed in, what they may do, and how this service lets people in. */
export function Who({ who, ways, frame }: WhoProps) {
  return (
    <Settings part="signIn" frame={frame}>
      <h2>You</h2>
      <dl>
        <dt>Name</dt>
        <dd>{visible(who.name)}</dd>
        <dt>Principal</dt>
        <dd>{visible(who.id)}</dd>
        <dt>Kind</dt>
        <dd>
          {who.kind}
          {who.shared && ", one for all: nobody in particular"}
        </dd>
        <dt>Scopes</dt>
        <dd>{listed(who.scopes)}</dd>
        <dt>Groups</dt>
        <dd>{listed(who.groups)}</dd>
        <dt>Assurance</dt>
        <dd>{who.assurance}</dd>
        <dt>Sees</dt>
        <dd>
          {who.ownOnly ? "what they have asked for themselves" : "what everybody has asked for"}
        </dd>
      </dl>
      <form method="post" action="/panel/sign-out">
        <button>Sign out</button>
      </form>
      {who.byAccess && (
        <p>
          Cloudflare Access let you in: <a href="/cdn-cgi/access/logout">sign out there as well</a>.
        </p>
      )}
      {ways !== null && (
        <>
          <h2>Who is let in</h2>
          <ul>
            {ways.map((way) => (
              <li>{visible(way)}</li>
            ))}
          </ul>
        </>
      )}
    </Settings>
  );
}

function listed(words: readonly string[]): string {
  return words.length === 0 ? "none" : visible(words.join(", "));
}
