import { visible } from "../approval/visible.ts";
import { type Frame, Settings } from "./settings.tsx";
import { words } from "./words.ts";

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
      <h2>{words.who.title}</h2>
      <dl>
        <dt>{words.who.name}</dt>
        <dd>{visible(who.name)}</dd>
        <dt>{words.who.principal}</dt>
        <dd>{visible(who.id)}</dd>
        <dt>{words.who.kind}</dt>
        <dd>
          {who.kind}
          {who.shared && words.who.shared}
        </dd>
        <dt>{words.who.scopes}</dt>
        <dd>{listed(who.scopes)}</dd>
        <dt>{words.who.groups}</dt>
        <dd>{listed(who.groups)}</dd>
        <dt>{words.who.assurance}</dt>
        <dd>{who.assurance}</dd>
        <dt>{words.who.sees}</dt>
        <dd>{who.ownOnly ? words.who.seesOwn : words.who.seesAll}</dd>
      </dl>
      <form method="post" action="/panel/sign-out">
        <button>{words.who.signOut}</button>
      </form>
      {who.byAccess && (
        <p>
          {words.who.byAccess((text) => (
            <a href="/cdn-cgi/access/logout">{text}</a>
          ))}
        </p>
      )}
      {ways !== null && (
        <>
          <h2>{words.who.ways}</h2>
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

function listed(names: readonly string[]): string {
  return names.length === 0 ? words.who.none : visible(names.join(", "));
}
