import { visible } from "../approval/visible.ts";
import { words } from "./words.ts";

/** A webhook as it is listed. */
export interface WebhookShown {
  id: string;
  /** Where its sender posts to. */
  address: string;
  /** What the agent or team is called that it starts. */
  agent: string;
  scheme: string;
  /** The types that it listens to; null for all of them. */
  events: readonly string[] | null;
  /** What is missing for it to take anything; null where nothing is. */
  reason: string | null;
}

/** One webhook: where it is, what it starts, and whether it can. `at` is where it stands in the list. */
export function WebhookCard({ webhook, at }: { webhook: WebhookShown; at: number }) {
  const { address, agent, events, id, reason, scheme } = webhook;
  return (
    <li class="card">
      <h3>{id}</h3>
      {/* As an input, because what stands in one is chosen whole, to be copied, with the keyboard as well. */}
      <label for={`address-${at}`}>
        {words.webhooks.address} <span class="dim">{words.webhooks.addressHint}</span>
        <input id={`address-${at}`} readonly value={address} />
      </label>
      <dl>
        <dt>{words.webhooks.starts}</dt>
        <dd>{visible(agent)}</dd>
        <dt>{words.webhooks.proof}</dt>
        <dd>{visible(scheme)}</dd>
        <dt>{words.webhooks.events}</dt>
        <dd>{events === null ? words.webhooks.everything : visible(events.join(", "))}</dd>
        <dt>{words.webhooks.secret}</dt>
        <dd>
          {reason === null ? (
            words.webhooks.isThere
          ) : (
            <span class="paused">{words.webhooks.missing(visible(reason))}</span>
          )}
        </dd>
      </dl>
      <a href={`/panel/events?webhook=${id}`}>{words.webhooks.itsEvents(id)}</a>
    </li>
  );
}
