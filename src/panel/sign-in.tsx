import { Page } from "./page.tsx";

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
    <Page title="Sign in" section={null}>
      {problem !== undefined && (
        <p class="card notice" role="alert">
          {problem}
        </p>
      )}
      {ways.access && (
        <p class="dim">
          Whoever comes through Cloudflare Access has nothing to hand in: <a href={next}>go on</a>.
        </p>
      )}
      {label === null && !ways.access && (
        <p class="card">
          Nobody has to sign in here: <a href={next}>go on</a>.
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
            <button>Sign in</button>
          </div>
        </form>
      )}
    </Page>
  );
}

/** What is said to who hands in something else. */
export function wrongWords({ key, token }: SignInWays): string {
  if (!token) return "That is not the security key.";
  const none = "no token that is good here now";
  return key ? `That is not the security key, and ${none}.` : `That is ${none}.`;
}

function labelOf({ key, token }: SignInWays): string | null {
  if (key) return token ? "Security key or token" : "Security key";
  return token ? "Token" : null;
}
