import { readFileSync } from "node:fs";
import { checkCopy } from "./check-copy.ts";
import { checkCalls, checkRun, seenBy } from "./checks.ts";
import { createClient } from "./client.ts";
import { type Conductor, createConductor, stateNames } from "./conductor.ts";
import { createDeciders, type Decided } from "./deciders.ts";
import { drain, silence } from "./drain.ts";
import { findAll, findTotals, type Found } from "./evidence.ts";
import { createHistory } from "./history.ts";
import type { Handler } from "./http.ts";
import type { Ledger } from "./ledger.ts";
import { type Asked, modelServer } from "./model-server.ts";
import type { Options } from "./options.ts";
import { projections } from "./projections.ts";
import { randomOf } from "./random.ts";
import { keepProdding, keepReading } from "./readers.ts";
import { createRuns } from "./runs.ts";
import type { Runtime } from "./runtime.ts";
import { type Called, type Questioned, toolServer } from "./tool-server.ts";

/** Everything that a campaign has come to. */
export interface Story {
  conductor: Conductor;
  ledger: Ledger;
  found: readonly Found[];
  asked: readonly Asked[];
  called: readonly Called[];
  questioned: readonly Questioned[];
  decided: readonly Decided[];
  killLog: readonly string[];
  /** What the runtime said, line by line. */
  logLines: readonly string[];
}

/** Kills the runtime until every moment was hit, lets everything come to its end, and looks whether it holds. */
export async function campaign(
  options: Options,
  runtime: Runtime,
  {
    handlers,
    ledger,
    logPath,
  }: { handlers: Record<string, Handler>; ledger: Ledger; logPath: string },
): Promise<Story> {
  const startedMs = performance.now();
  const killLog: string[] = [];
  const log = (line: string): void => {
    killLog.push(`${Math.round(performance.now() - startedMs)} ${line}`);
  };
  const random = randomOf(options.seed);
  const history = createHistory(ledger);
  const conductor = createConductor(runtime, random, { hits: options.hits, log });
  const client = createClient(runtime, ledger);
  const deciders = createDeciders(client, { history, ledger, random });
  const runs = createRuns(client, options, { ledger, random });
  const parts = { conductor, deciders, history, ledger, random, runs };
  const model = modelServer((message) => runs.planOf(message), parts);
  const tools = toolServer(parts);
  handlers["/v1/chat/completions"] = model.handler;
  handlers["/tool"] = tools.call;
  handlers["/reconcile"] = tools.reconcile;
  const heard = projections(parts);
  handlers["/projection"] = heard.handler;

  const hitsOf = (name: (typeof stateNames)[number]): number => conductor.hits.get(name) ?? 0;
  let isStarting = true;
  let isReading = true;
  const starting = runs.keepStarting(() => !isStarting);
  const reading = keepReading(client, parts, () => !isReading);
  const prodding = keepProdding(client, parts, () => !isStarting);
  await conductor.conduct(
    () => {
      const isLate = performance.now() - startedMs > options.maxKillingMs;
      const isEnough = runs.planned() >= options.runs && conductor.kills >= options.kills;
      return isLate || (isEnough && stateNames.every((name) => hitsOf(name) >= options.hits));
    },
    async () => {
      const news = (): number => model.asked.length + tools.called.length + heard.projections;
      await silence(news, { history, ledger, runs });
    },
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
  const { stuck, sweeps } = await drain(client, runs, deciders);
  isReading = false;
  await reading;
  ledger.check("D6 nothing is stuck", stuck.length === 0, () => stuck.join(", "));
  ledger.check("D6 the sweeper is not needed", sweeps === 0, () => `${sweeps} sweeps`);

  const found = await findAll(client, history, [...runs.started.values()]);
  const { asked } = model;
  const { called, questioned } = tools;
  const { decided } = deciders;
  const seen = seenBy({ asked, called, decided }, history);
  for (const one of found) checkRun(one, seen, ledger);
  checkCopy(found, await findTotals(client), ledger);
  checkCalls(called, runs.started, ledger);
  const logLines = readFileSync(logPath, "utf8").split("\n");
  return {
    conductor,
    ledger,
    found,
    asked,
    called,
    questioned,
    decided,
    killLog,
    logLines: logLines.filter((line) => line !== ""),
  };
}
