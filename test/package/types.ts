/** What the compiler tells a project that has installed kern. It is compiled there, and never run. */
import { Agent } from "kern/agent";
import { slack } from "kern/channels/slack";
import { PostgresDb } from "kern/db/postgres";
import { OpenAIChat } from "kern/models/openai";
import { AgentOS } from "kern/os";
import { Team } from "kern/team";
import { tool } from "kern/tools";
import { z } from "zod";
import app, { type Feed, type Run } from "./worker";

declare global {
  namespace Cloudflare {
    interface Env {
      DB: D1Database;
      FEED: DurableObjectNamespace<Feed>;
      GREETING: string;
      RUNS: DurableObjectNamespace<Run>;
    }
  }
}

// What is `any` or `never` would be taken by both, so each value is given to the right one and to the wrong one.
declare function takeText(value: string | null | undefined): void;
declare function takeNumber(value: number | null | undefined): void;

tool({
  name: "refund",
  parameters: z.object({ amount: z.number().default(10), to: z.string() }),
  execute: (args, ctx) => {
    takeNumber(args.amount);
    takeText(args.to);
    // @ts-expect-error: it is text.
    takeNumber(args.to);
    // @ts-expect-error: the parameters have no such property.
    takeText(args.from);

    takeText(ctx.env.GREETING);
    // @ts-expect-error: it is text.
    takeNumber(ctx.env.GREETING);
    // @ts-expect-error: the Worker has no such binding.
    takeText(ctx.env.NOWHERE);

    takeText(ctx.approval?.resolvedBy);
    // @ts-expect-error: it is text.
    takeNumber(ctx.approval?.resolvedBy);
    // @ts-expect-error: a call that is not gated has no approval.
    takeText(ctx.approval.resolvedBy);
  },
});

tool({
  name: "ask",
  parameters: z.object({ question: z.string() }),
  externalExecution: true,
  // @ts-expect-error: this is not one of the parameters.
  userInputFields: ["answer"],
});

export const channels = [
  slack({ channel: "C0123456789", teamId: "T0123456789" }),
  slack({ to: "approvers", teamId: "T0123456789" }),
  // @ts-expect-error: it is one or the other.
  slack({ channel: "C0123456789", to: "approvers", teamId: "T0123456789" }),
  // @ts-expect-error: the workspace is not named.
  slack({ channel: "C0123456789" }),
];

export const postgresDbs = [
  new PostgresDb({ binding: "HYPERDRIVE" }),
  new PostgresDb({ url: "postgres://localhost/kern", id: "main" }),
  // @ts-expect-error: where it is must be said.
  new PostgresDb({ id: "main" }),
];

/** A subclass, as in `export class Run extends os.Run {}`, keeps its stubs typed. */
export async function readRun({ RUNS }: Cloudflare.Env): Promise<void> {
  const run = RUNS.getByName("run");
  const viewed = await run.view();
  if (viewed.ok) {
    takeText(viewed.run.content);
    // @ts-expect-error: it is text.
    takeNumber(viewed.run.content);
    // @ts-expect-error: a run has no such property.
    takeText(viewed.run.nothing);
  }
  const decision = { status: "approved" } as Parameters<typeof run.resolve>[0]["decision"];
  const decider = {} as Parameters<typeof run.resolve>[0]["decider"];
  const resolved = await run.resolve({ v: 1, approvalId: "approval", decision, decider });
  if (resolved.ok) {
    takeText(resolved.approval.run_id);
    // @ts-expect-error: it is text.
    takeNumber(resolved.approval.run_id);
  }
  // @ts-expect-error: the id is text.
  await run.resolve({ v: 1, approvalId: 1, decision, decider });
  // @ts-expect-error: the object has no such method.
  await run.nothing();
}

/** The app stands as a Worker's default export. */
app satisfies ExportedHandler<Cloudflare.Env>;

const model = new OpenAIChat({ id: "gpt-4o-mini" });
const clerk = new Agent({ id: "clerk", model });
const inner = new Team({ id: "inner", model, members: [clerk] });
const crew = new Team({ id: "crew", model, members: [clerk, inner] });
declare function take(made: object): void;
take(new AgentOS({ agents: [clerk], teams: [crew] }));
// @ts-expect-error: a team has members.
take(new Team({ id: "alone", model }));
// @ts-expect-error: an agent is no team.
take(new AgentOS({ teams: [clerk] }));
