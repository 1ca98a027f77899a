import { visible } from "../approval/visible.ts";
import { Moment } from "./moment.tsx";
import { type Frame, Settings, settingsParts } from "./settings.tsx";
import { Tabs } from "./tabs.tsx";
import { words } from "./words.ts";

/** A channel as it is listed; times are epoch seconds. */
export interface ChannelShown {
  id: string;
  open: boolean;
  closed_at: number | null;
  reason: string | null;
}

/** What a channel was told, and what came of it. */
export interface DeliveryShown {
  id: string;
  channel: string;
  type: string;
  run_id: string;
  approval_id: string | null;
  status: "delivered" | "failed" | "undeliverable" | "gone";
  attempts: number;
  error: string | null;
  created_at: number;
  updated_at: number;
}

export interface ChannelsProps {
  channels: readonly ChannelShown[];
  deliveries: readonly DeliveryShown[];
  /** Which deliveries are shown; null for all. */
  status: DeliveryShown["status"] | null;
  /** The address of the older ones; null at the end. */
  older: string | null;
  frame: Frame;
  nowMs: number;
  problem?: string | undefined;
}

const { path } = settingsParts.channels;

/** The channels, whether anything is sent to them, and what they were told last. */
export function Channels(props: ChannelsProps) {
  const { channels, deliveries, frame, nowMs, older, problem, status } = props;
  return (
    <Settings part="channels" frame={frame} problem={problem}>
      {channels.length === 0 && (
        <p class="card">
          {words.channels.none((name) => (
            <code>{name}</code>
          ))}
        </p>
      )}
      <ul class="list">
        {channels.map((channel) => (
          <Channel channel={channel} nowMs={nowMs} />
        ))}
      </ul>
      {channels.length > 0 && (
        <>
          <h2>{words.channels.told}</h2>
          <Tabs
            label={words.channels.deliveries}
            tabs={[
              { title: words.channels.all, href: path, isCurrent: status === null },
              ...(["failed", "undeliverable", "delivered", "gone"] as const).map((one) => ({
                title: words.channels.statuses[one],
                href: `${path}?status=${one}`,
                isCurrent: one === status,
              })),
            ]}
          />
          {deliveries.length === 0 && <p class="card">{words.channels.nothing}</p>}
          <ul class="list">
            {deliveries.map((delivery) => (
              <Delivery delivery={delivery} nowMs={nowMs} />
            ))}
          </ul>
          {older !== null && (
            <nav class="actions" aria-label={words.common.pages}>
              <a href={older}>{words.common.older}</a>
            </nav>
          )}
        </>
      )}
    </Settings>
  );
}

function Channel({ channel, nowMs }: { channel: ChannelShown; nowMs: number }) {
  const { closed_at, id, open, reason } = channel;
  return (
    <li class="card">
      <h3>{id}</h3>
      {open ? (
        <p>{words.channels.isOpen}</p>
      ) : (
        <p class="paused">
          {words.channels.isClosed(
            closed_at !== null && <Moment seconds={closed_at} nowMs={nowMs} />,
            visible(reason ?? ""),
          )}
        </p>
      )}
      <form method="post" action={`${path}/${open ? "close" : "open"}`}>
        <input type="hidden" name="channel_id" value={id} />
        <button class={open ? "no" : ""}>
          {open ? words.channels.close(id) : words.channels.open(id)}
        </button>
      </form>
    </li>
  );
}

function Delivery({ delivery, nowMs }: { delivery: DeliveryShown; nowMs: number }) {
  const { approval_id, attempts, channel, created_at, error, id, run_id, status, type } = delivery;
  const about = approval_id === null ? `/panel/runs/${run_id}` : `/panel/approvals/${approval_id}`;
  return (
    <li class="card">
      <a href={about}>
        <strong>{visible(type)}</strong>
      </a>{" "}
      <span class="dim">
        {words.channels.to(visible(channel), <Moment seconds={created_at} nowMs={nowMs} />)}
      </span>
      <div>
        <span class={status === "delivered" ? "" : "paused"}>
          {words.channels.statuses[status]}
        </span>
        {attempts > 1 && words.channels.attempts(attempts)}
        {error !== null && words.channels.error(visible(error))}
      </div>
      <form method="post" action={`${path}/redeliver`}>
        <input type="hidden" name="delivery_id" value={id} />
        <button aria-label={words.channels.sendAgain(type, approval_id ?? run_id)}>
          {words.channels.again}
        </button>
      </form>
    </li>
  );
}
