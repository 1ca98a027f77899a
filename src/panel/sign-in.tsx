import { Page } from "./page.tsx";

/** Where a browser hands in the security key, once. */
export function SignIn({ next, problem }: { next: string; problem?: string | undefined }) {
  return (
    <Page title="Sign in" section={null}>
      {problem !== undefined && (
        <p class="card notice" role="alert">
          {problem}
        </p>
      )}
      <form method="post" action="/panel/sign-in">
        <input type="hidden" name="next" value={next} />
        <label>
          Security key
          <input name="key" type="password" autocomplete="current-password" required />
        </label>
        <div class="actions">
          <button>Sign in</button>
        </div>
      </form>
    </Page>
  );
}
