import { z } from "zod";
import type { Account } from "../channel.ts";
import type { SlackClient } from "./client.ts";
import type { Payload } from "./payload.ts";

/** Whose people may answer. */
export interface Workspace {
  teamId: string;
  enterpriseId: string | null;
}

export type Visitor =
  | { kind: "member"; account: Account }
  /** Why not, in words for them. */
  | { kind: "refused"; message: string };

const flag = z.boolean().optional();
const Profile = z.object({
  user: z.object({
    id: z.string(),
    team_id: z.string().optional(),
    enterprise_user: z.object({ teams: z.array(z.string()).optional() }).optional(),
    deleted: flag,
    is_bot: flag,
    is_workflow_bot: flag,
    is_connector_bot: flag,
    is_restricted: flag,
    is_ultra_restricted: flag,
    is_invited_user: flag,
    is_stranger: flag,
  }),
});
type User = z.output<typeof Profile>["user"];

/** Who it was, where that is a full member of the workspace; what Slack itself does not say now is taken from nowhere else. */
export async function visitorOf(
  { enterprise, team, user }: Payload,
  { enterpriseId, teamId }: Workspace,
  client: SlackClient,
): Promise<Visitor> {
  if (team?.id !== teamId) return refused("This is answered in another workspace only.");
  if (enterpriseId !== null && enterprise?.id !== enterpriseId)
    return refused("This is answered in another organization only.");
  if (user.team_id !== teamId)
    return refused("You are of another workspace, and this is for members of its own.");
  const found = await profileOf(user.id, client);
  if (found === null)
    return refused("Slack could not be asked who you are. Nothing was decided: try again.");
  const reason = whyNot(found, teamId);
  if (reason !== null) return refused(reason);
  return {
    kind: "member",
    account: {
      id: `${accountsOf({ enterpriseId, teamId })}:${user.id}`,
      name: user.name ?? user.username ?? user.id,
      assurance: "slack",
    },
  };
}

/** What the ids of this workspace's accounts begin with. */
export function accountsOf({ enterpriseId, teamId }: Workspace): string {
  return `slack:${enterpriseId ?? "-"}:${teamId}`;
}

async function profileOf(id: string, client: SlackClient): Promise<User | null> {
  try {
    const read = Profile.safeParse(await client.users.info({ user: id }));
    return read.success && read.data.user.id === id ? read.data.user : null;
  } catch {
    return null;
  }
}

function whyNot(user: User, teamId: string): string | null {
  const teams = [user.team_id ?? teamId, ...(user.enterprise_user?.teams ?? [])];
  if (user.deleted === true) return "This account has been deactivated.";
  if (user.is_bot === true || user.is_workflow_bot === true || user.is_connector_bot === true)
    return "A bot decides nothing.";
  if (user.is_restricted === true || user.is_ultra_restricted === true)
    return "You are a guest here, and this is for full members.";
  if (user.is_invited_user === true) return "You have not joined yet, and this is for members.";
  if (user.is_stranger === true || !teams.includes(teamId))
    return "You are of another workspace, and this is for members of its own.";
  return null;
}

function refused(message: string): Visitor {
  return { kind: "refused", message };
}
