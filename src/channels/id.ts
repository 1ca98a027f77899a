/** What leads to routes of kern's own. */
const taken = new Set([
  "panel",
  "approvals",
  "agents",
  "teams",
  "sessions",
  "runs",
  "ops",
  "docs",
  "keys",
  "links",
  "switches",
  "pause",
  "unpause",
  "health",
  "info",
  "config",
  "channels",
  "deliveries",
  "callbacks",
  "webhooks",
  "events",
  "schedules",
  "openapi",
]);

/** The id, where it is one that a channel may have; throws a TypeError where not. */
export function channelId(id: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(id) || taken.has(id))
    throw new TypeError(
      `'${id}' cannot be a channel's id: lower-case letters, digits and hyphens, and no name of kern's own routes.`,
    );
  return id;
}
