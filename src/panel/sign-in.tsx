import { Page } from "./page.tsx";
import { words } from "./words.ts";

/** What this service takes from whoever signs in. */
export interface SignInWays {
  key: boolean;
  token: boolean;
  /** Whether Cloudflare Access lets people in, who have nothing to hand in. */
  access: boolean;
}

interface SignInProps {
  next: string;
  ways: SignInWays;
  problem?: string | undefined;
}

/** Where a browser hands in the security key, or a person's token, once. */
export function SignIn({ next, problem, ways }: SignInProps) {
  const label = labelOf(ways);
  return (
    <Page title={words.signIn.title} section={null}>
      {problem !== undefined && (
        <p class="card notice" role="alert">
          {problem}
        </p>
      )}
      {ways.access && (
        <p class="dim">
          {words.signIn.byAccess((text) => (
            <a href={next}>{text}</a>
          ))}
        </p>
      )}
      {label === null && !ways.access && (
        <p class="card">
          {words.signIn.open((text) => (
            <a href={next}>{text}</a>
          ))}
        </p>
      )}
      {label !== null && (
        <form method="post" action="/panel/sign-in">
          <input type="hidden" name="next" value={next} />
          <label>
            {label}
            <input name="key" type="password" autocomplete="current-password" required />
          </label>
          <div class="actions">
            <button>{words.signIn.title}</button>
          </div>
        </form>
      )}
    </Page>
  );
}

/** What is said to who hands in something else. */
export function wrongWords({ key, token }: SignInWays): string {
  if (!token) return words.signIn.wrongKey;
  return key ? words.signIn.wrongEither : words.signIn.wrongToken;
}

function labelOf({ key, token }: SignInWays): string | null {
  if (key) return token ? words.signIn.keyOrToken : words.signIn.key;
  return token ? words.signIn.token : null;
}
