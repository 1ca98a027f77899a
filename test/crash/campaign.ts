import { readFileSync } from "node:fs";
import { checkCopy } from "./check-copy.ts";
import { checkCalls, checkRun, seenBy } from "./checks.ts";
import { checkEvents } from "./check-events.ts";
import { checkTeams } from "./check-teams.ts";
import { createClient } from "./client.ts";
import { type Conductor, createConductor } from "./conductor.ts";
import { database } from "./database.ts";
import { createDeciders, type Decided } from "./deciders.ts";
import { drain, silence } from "./drain.ts";
import { findAll, findEvents, findTotals, type Found } from "./evidence.ts";
import type { Faults } from "./faults.ts";
import { createHistory } from "./history.ts";
import type { Handler } from "./http.ts";
import type { Ledger } from "./ledger.ts";
import { type Asked, modelServer } from "./model-server.ts";
import { type StateName, stateNames } from "./moments.ts";
import type { Options } from "./options.ts";
import { projections } from "./projections.ts";
import { randomOf } from "./random.ts";
import { keepProdding, keepReading } from "./readers.ts";
import { createRuns } from "./runs.ts";
import type { Runtime } from "./runtime.ts";
import { createSender, type SentEvent } from "./sender.ts";
import { checkSink, sink } from "./sink.ts";
import { readAllRuns } from "./storage.ts";
import { type Called, type Questioned, toolServer } from "./tool-server.ts";
import { createWatch } from "./watch.ts";
import { words } from "./words.ts";

/** Everything that one round has come to. */
export interface Story {
  conductor: Conductor;
  found: readonly Found[];
  asked: readonly Asked[];
  called: readonly Called[];
  questioned: readonly Questioned[];
  decided: readonly Decided[];
  sent: readonly SentEvent[];
  /** How many events the database's log has. */
  logged: number;
  /** What the runtime said, line by line. */
  logLines: readonly string[];
}

/** What a round is given, and what outlasts it. */
export interface Stage {
  handlers: Record<string, Handler>;
  ledger: Ledger;
  faults: Faults;
  storagePath: string;
  logPath: string;
  /** Told of every kill. */
  log: (line: string) => void;
}

/** Kills the runtime until every moment was hit, lets everything come to its end, and looks whether it holds. */
export async function campaign(options: Options, runtime: Runtime, stage: Stage): Promise<Story> {
  const { faults, handlers, ledger, log, logPath, storagePath } = stage;
  const startedMs = performance.now();
  const random = randomOf(options.seed);
  const watch = createWatch();
  const history = createHistory(ledger);
  const conductor = createConductor(runtime, random, { hits: options.hits, log });
  const client = createClient(runtime, ledger);
  const deciders = createDeciders(client, { history, ledger, random, watch });
  const sender = createSender(client, {
    conductor,
    isOver: (id) => runs.isOver(id),
    ledger,
    random,
  });
  const runs = createRuns(client, options, { ledger, random, sender });
  const parts = { conductor, deciders, faults, history, ledger, random, runs, watch };
  const model = modelServer(parts);
  const tools = toolServer(parts);
  handlers["/v1/chat/completions"] = model.handler;
  const { handler, received } = sink(parts);
  handlers["/sink"] = handler;
  handlers["/tool"] = tools.call;
  handlers["/reconcile"] = tools.reconcile;
  handlers["/projection"] = projections(parts);
  handlers["/word"] = words(parts);
  handlers["/database"] = database(parts);

  const hitsOf = (name: StateName): number => conductor.hits.get(name) ?? 0;
  const done = new Set<string>();
  let isStarting = true;
  let isReading = true;
  let isWatching = true;

  const kill = async (): Promise<void> => {
    await conductor.conduct(
      () => {
        const isLate = performance.now() - startedMs > options.maxKillingMs;
        const isEnough = runs.planned() >= options.runs && conductor.kills >= options.kills;
        return isLate || (isEnough && stateNames.every((name) => hitsOf(name) >= options.hits));
      },
      async () => silence(storagePath, { done, ledger, watch }),
    );
    for (const name of stateNames) {
      const isMet = hitsOf(name) >= options.hits;
      ledger.check(`every moment was hit ${options.hits} times`, isMet, () => {
        return `${name}: ${hitsOf(name)}`;
      });
    }
    isStarting = false;
    await Promise.all([starting, prodding]);
    console.log(`${conductor.kills} kills, ${runs.planned()} runs: waiting for the last of them`);
    await drain(storagePath, { deciders, done, runs, sender });
    isWatching = false;
    isReading = false;
    await reading;
  };
  const starting = runs.keepStarting(() => !isStarting);
  const reading = keepReading(client, parts, () => !isReading);
  const prodding = keepProdding(client, parts, () => !isStarting);
  await Promise.all([watch.watch(runs, () => !isWatching), kill()]);
  ledger.check("D6 nothing ever stood still", true, () => "");

  const stored = await readAllRuns(storagePath);
  const there = [...runs.known.values()].filter(
    ({ id, parent }) => parent === null || stored.has(id),
  );
  const found = await findAll(client, history, there);
  const { asked } = model;
  const { called, questioned } = tools;
  const { decided } = deciders;
  const seen = seenBy({ asked, called, decided }, { history, pauses: conductor.pauses });
  for (const one of found) checkRun(one, seen, ledger);
  const totals = await findTotals(client);
  checkCopy(found, totals, ledger);
  checkTeams(found, { rows: totals.rows, stored }, ledger);
  const logged = await findEvents(client);
  const sent = [...sender.sent.values()];
  checkEvents(sent, { found, logged, stored }, ledger);
  checkCalls(called, runs.known, ledger);
  await checkSink(found, received, { ledger, storagePath });
  const logLines = readFileSync(logPath, "utf8").split("\n");
  return {
    conductor,
    found,
    asked,
    called,
    questioned,
    decided,
    sent,
    logged: logged.length,
    logLines: logLines.filter((line) => line !== ""),
  };
}
