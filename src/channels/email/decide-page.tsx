import { raw } from "hono/html";

interface DecidePageProps {
  channelId: string;
  approvalId: string;
}

/**
 * A page that by itself knows nothing of the approval: its script asks for it with what stands behind the # of the link, which
 * no browser sends, and no log has. Everything is set as text.
 */
export function DecidePage({ approvalId, channelId }: DecidePageProps) {
  return (
    <>
      {raw("<!DOCTYPE html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="robots" content="noindex" />
          <title>Decide · kern</title>
          <link rel="stylesheet" href="/panel/style.css" />
          <link rel="icon" type="image/svg+xml" href="/panel/icon.svg" />
          <script src={`/${channelId}/decide.js`} defer />
        </head>
        <body>
          <header>
            <a href="/panel">kern</a>
          </header>
          <main>
            <h1 id="title">Decide on an approval</h1>
            <p id="said" class="card notice" role="status">
              This page needs script. Without it, sign in to the panel to decide there.
            </p>
            <section id="approval" hidden>
              <dl id="facts" />
              <div id="in-short" hidden>
                <h2>In short</h2>
                <p id="preview" class="card said" />
              </div>
              <h2>Arguments</h2>
              <p class="dim">As the agent wrote them: its own claim, which nobody has checked.</p>
              <pre id="arguments" tabindex={0} aria-label="Arguments" />
            </section>
            <form id="answer" method="post" hidden>
              <h2>Your decision</h2>
              <p>
                You decide as <strong id="you" />.
              </p>
              <label for="confirmation">
                To confirm, type the tool's name: <strong id="tool" />
                <input
                  id="confirmation"
                  autocomplete="off"
                  autocapitalize="off"
                  spellcheck={false}
                />
              </label>
              <label for="reason" id="reason-label" hidden>
                Reason, for a rejection
                <select id="reason">
                  <option value="">None</option>
                </select>
              </label>
              <label for="note">
                Note
                <textarea id="note" maxlength={10_000} />
              </label>
              <div class="actions">
                <button type="button" class="yes" data-decision="approved">
                  Approve
                </button>
                <button type="button" class="no" data-decision="rejected">
                  Reject
                </button>
              </div>
            </form>
            <p>
              <a href={`/panel/approvals/${encodeURIComponent(approvalId)}`}>
                Open it in the panel
              </a>
            </p>
          </main>
        </body>
      </html>
    </>
  );
}
