import type { Decider, Decision } from "../../../../src/approval/decision.ts";
import type { ApprovalRecord, JsonObject } from "../../../../src/approval/record.ts";
import { messageVersion as v, type Reply, type RunReply } from "../../../../src/run/messages.ts";
import type { RunObject } from "../../../../src/run/run.ts";
import type { UserAnswer } from "../../../../src/run/answer.ts";
import type { RunView } from "../../../../src/run/view.ts";
import { Gone, Refused } from "./instance.ts";
import type { World } from "./world.ts";

interface Request<T> {
  name: string;
  send: (object: RunObject) => Promise<Reply<T>>;
  /** The object has answered, and its answer may leave. */
  answered?: (reply: Reply<T>) => void;
  /** The answer has come back. */
  told?: (reply: Reply<T>) => void;
}

interface Person {
  decider: Decider;
  name: string;
}

const people: Person[] = [
  { name: "user:ann", decider: { principal: "user:ann", shared: false, claim: null } },
  { name: "bob", decider: { principal: "root", shared: true, claim: "bob" } },
  { name: "root", decider: { principal: "root", shared: true, claim: null } },
];

const offers: (JsonObject | null)[] = [
  null,
  { note: "so" },
  { action: "retry" },
  { action: "done", result: "by hand" },
  { values: { n: 7 } },
  { result: "by hand" },
];

/** Those who start the run, follow it, answer it and decide: by messages that are lost, doubled and overtaken. */
export class People {
  readonly #world: World;
  /** Requests that an instance has taken and not answered. */
  readonly #open = new Map<number, () => void>();
  readonly #seen = new Map<string, ApprovalRecord>();
  #sent = 0;
  #answers = 0;
  #view: RunView | null = null;

  constructor(world: World) {
    this.#world = world;
    world.onDeath = () => this.#cutOff();
  }

  start(message = "Go."): void {
    const { judge, runId } = this.#world;
    const usual = message === "Go.";
    const facts = { runId, agentId: "agent", sessionId: "s", userId: "mia", requestedBy: "mia" };
    this.#send<{ run: RunView }>({
      name: usual ? "a start" : "a start with a key that was used",
      send: (object) =>
        object.start({
          v,
          ...facts,
          message,
          fingerprint: message,
          local: true,
          unattended: false,
          waitMs: 0,
        }),
      answered: (reply) => {
        if (usual && reply.ok) judge.accepted();
        if (!usual && reply.ok && judge.isStarted("Go."))
          judge.fail("D9 a key is one request's", message);
      },
      told: (reply) => this.#look(reply),
    });
  }

  /** Somebody does something. */
  act(): void {
    const { database, scheduler } = this.#world;
    const { random } = scheduler;
    const chance = random.next();
    for (const { record } of database.pending) this.#seen.set(record.id, record);
    if (chance < 0.45) return this.#decideSomething();
    if (chance < 0.62) return this.look();
    if (chance < 0.8) return this.answer();
    if (chance < 0.88) return this.#waitFor();
    if (chance < 0.91) return this.cancel();
    if (chance < 0.95) return this.#hide();
    if (chance < 0.98) return this.#poke();
    this.start(random.chance(0.5) ? "Go." : "Something else.");
  }

  look(): void {
    this.#send<{ run: RunView }>({
      name: "a look",
      send: (object) => object.view(),
      told: (reply) => this.#look(reply),
    });
  }

  /** The run's own user answers some of what waits for them. */
  answer(everything = false): void {
    const { judge, scheduler } = this.#world;
    const { random } = scheduler;
    const waiting = (this.#view?.requirements ?? []).map(({ tool_execution }) => tool_execution);
    if (waiting.length === 0) return this.look();
    const answers = waiting.map(({ tool_call_id }): UserAnswer => {
      const confirmed = everything ? true : random.pick([true, true, false, null]);
      const answer = { tool_call_id, confirmed, confirmation_note: "so" };
      return confirmed === false || (everything && random.chance(0.2))
        ? { ...answer, confirmed: false }
        : { ...answer, user_input_schema: [{ name: "n", value: 3 }], result: "by hand" };
    });
    judge.userAnswers(answers);
    const requestId = `answer ${++this.#answers}`;
    const message = { v, agentId: "agent", answers, requestId, stream: false, waitMs: 60_000 };
    this.#send<{ run: RunView }>({
      name: "an answer",
      send: (object) => object.continue(message),
      told: (reply) => this.#look(reply),
    });
  }

  decide(record: ApprovalRecord, willing = false): void {
    const { judge, scheduler } = this.#world;
    const { random } = scheduler;
    const { decider, name } = random.pick(people);
    const status = random.chance(0.7) ? "approved" : "rejected";
    const fits = willing || random.chance(0.85);
    const data = status === "approved" && fits ? dataFor(record, random.chance(0.5)) : null;
    const decision: Decision = { status, data: fits ? data : random.pick(offers) };
    const sent = judge.decides(record, decision, name);
    this.#send<{ approval: ApprovalRecord }>({
      name: `a decision: ${status} by ${name}`,
      send: (object) => {
        sent.deliveredMs.push(this.#world.hostNowMs);
        return object.resolve({ v, approvalId: record.id, decision, decider });
      },
      answered: (reply) => judge.decided(sent, reply),
    });
  }

  cancel(): void {
    this.#send({
      name: "a cancel",
      send: (object) => object.cancel(),
    });
  }

  #decideSomething(): void {
    const { random } = this.#world.scheduler;
    const pending = [...this.#world.database.pending].map(({ record }) => record);
    const known = random.chance(0.8) && pending.length > 0 ? pending : [...this.#seen.values()];
    if (known.length > 0) this.decide(random.pick(known));
  }

  #waitFor(): void {
    const { judge, scheduler } = this.#world;
    const known = [...this.#seen.keys()];
    if (known.length === 0) return this.look();
    const id = scheduler.random.pick(known);
    this.#send<{ approval: ApprovalRecord }>({
      name: "a wait for a decision",
      send: (object) => object.approval(id, 20_000),
      answered: (reply) => reply.ok && judge.sees(reply.approval, "object"),
    });
  }

  #hide(): void {
    const known = [...this.#seen.keys()];
    if (known.length === 0) return;
    const id = this.#world.scheduler.random.pick(known);
    this.#send({ name: "a deletion", send: (object) => object.hide(id) });
  }

  #poke(): void {
    const again = this.#world.scheduler.random.chance(0.7);
    this.#send({
      name: again ? "a poke, to tell all again" : "a poke",
      send: (object) => object.poke(again),
    });
  }

  #look(reply: RunReply): void {
    if (reply.ok) this.#view = reply.run;
  }

  /** Sends it once or twice; what is lost on either way is sent again, but not for ever. */
  #send<T>(request: Request<T>, tries = 0): void {
    const { faults, scheduler } = this.#world;
    const copies = scheduler.random.chance(faults.doubled) ? 2 : 1;
    if (copies === 2) scheduler.note("a message is doubled", request.name);
    for (let i = 0; i < copies; i++) {
      scheduler.later(request.name, () => {
        if (scheduler.random.chance(faults.lost)) {
          scheduler.note("a message is lost", request.name);
          return this.#again(request, tries);
        }
        this.#take(request, tries);
      });
    }
  }

  #again<T>(request: Request<T>, tries: number): void {
    if (tries < 3) this.#send(request, tries + 1);
  }

  #take<T>(request: Request<T>, tries: number): void {
    const { faults, judge, scheduler } = this.#world;
    const { instance } = this.#world;
    const n = ++this.#sent;
    scheduler.note("a request arrives", request.name);
    this.#open.set(n, () => this.#again(request, tries));
    request.send(instance.object).then(
      (reply) => {
        if (instance.dead) return;
        this.#open.delete(n);
        request.answered?.(reply);
        scheduler.note(
          "a request is answered",
          `${request.name} ${reply.ok ? "ok" : reply.reason}`,
        );
        scheduler.later("an answer", () => {
          if (!scheduler.random.chance(faults.lost)) return request.told?.(reply);
          scheduler.note("an answer is lost", request.name);
          this.#again(request, tries);
        });
      },
      (error: unknown) => {
        if (instance.dead || error instanceof Gone) return;
        this.#open.delete(n);
        if (!(error instanceof Refused)) judge.fail("a request fails for a reason", String(error));
        this.#again(request, tries);
      },
    );
  }

  /** The instance has died: whoever waited for it learns that, and asks again. */
  #cutOff(): void {
    const waiting = [...this.#open.values()];
    this.#open.clear();
    for (const again of waiting) this.#world.scheduler.later("the connection is lost", again);
  }
}

/** What an approval of this kind needs beside the yes. */
function dataFor({ context, pause_type }: ApprovalRecord, retry: boolean): JsonObject | null {
  if (context["reason"] === "unknown_outcome")
    return retry ? { action: "retry" } : { action: "done", result: "by hand" };
  if (pause_type === "user_input") return { values: { n: 7 } };
  return pause_type === "external_execution" ? { result: "by hand" } : null;
}
