import { checkEnd } from "./end.ts";
import type { Disk } from "./instance.ts";
import type { Broken } from "./judge.ts";
import { People } from "./people.ts";
import { expiresInMs } from "./toolbox.ts";
import { World } from "./world.ts";

export interface Story {
  seed: number;
  broken: Broken[];
  trace: string[];
  counts: ReadonlyMap<string, number>;
}

/** How many things happen while everything may go wrong. */
const turns = 90;
/** How many things may happen, once nothing goes wrong any more, until the run has come to rest. */
const maxSettling = 3_000;

/** Plays one story of one run: everything may happen to it for a while, then nothing goes wrong, and it must come to rest. */
export async function play(seed: number, disk: Disk): Promise<Story> {
  const world = new World(seed, disk);
  const { judge, scheduler } = world;
  disk.sql.exec("DROP TABLE IF EXISTS journal");
  disk.sql.exec("DROP TABLE IF EXISTS cursor");
  await scheduler.reign(async () => {
    const people = new People(world);
    people.start();
    for (let turn = 0; turn < turns && judge.broken.length === 0; turn++) {
      happen(world, people);
      await rest(world);
    }
    if (judge.broken.length > 0) return;
    await settle(world, people);
  });
  return { seed, broken: judge.broken, trace: scheduler.trace, counts: scheduler.counts };
}

async function rest(world: World): Promise<void> {
  await world.scheduler.turn();
  world.bury();
  checkAlarm(world);
}

/** Something happens: what, is the scheduler's choice. */
function happen(world: World, people: People): void {
  const { alarm, faults, scheduler } = world;
  const { random } = scheduler;
  if (world.isDue && random.chance(0.5)) return world.ring();
  if (scheduler.messages > 0 && random.chance(0.7)) return scheduler.arrive();
  const chance = random.next();
  if (chance < 0.5) return people.act();
  if (chance < 0.65) return scheduler.ring();
  if (chance < 0.8) {
    scheduler.nowMs += random.int(1, 2_000);
    return;
  }
  if (chance < 0.88 && alarm.atMs !== null && !world.ringing) {
    scheduler.nowMs = Math.max(scheduler.nowMs, alarm.atMs);
    return world.ring();
  }
  if (chance < 0.92 && random.chance(faults.death * 5)) return world.crash();
  if (chance < 0.96 && random.chance(faults.deploys)) return world.deploy();
  if (chance < 0.98 && random.chance(faults.switched)) return world.turnSwitch();
  if (random.chance(faults.jumps)) {
    const byMs = random.pick([15_000, 60_000, expiresInMs / 2, expiresInMs, 7_200_000]);
    scheduler.nowMs += byMs;
    scheduler.note("the clock jumps", String(byMs));
  }
}

/** D6, D12: at every moment the one alarm is set for whatever is due first. */
function checkAlarm({ alarm, hostNowMs, judge, ringing, scheduler }: World): void {
  if (ringing) return;
  const dueMs = judge.duties.dueMs(hostNowMs, alarm.isIdle);
  if (dueMs === null) return;
  const inMs = alarm.atMs === null ? Number.POSITIVE_INFINITY : alarm.atMs - scheduler.nowMs;
  judge.check("D12 the alarm is set for what is due first", inMs <= dueMs - hostNowMs, () => {
    return `in ${inMs} ms instead of ${dueMs - hostNowMs}`;
  });
}

/** Nothing goes wrong any more. In half of the stories people do their part; in the others nobody comes, ever. */
async function settle(world: World, people: People): Promise<void> {
  const { alarm, database, judge, scheduler } = world;
  world.heal();
  const isDeserted = scheduler.random.chance(0.5);
  scheduler.note(isDeserted ? "nobody comes any more" : "everybody does their part");
  if (world.release === "no agent") world.deploy("as it was");
  if (!judge.wasAccepted && !isDeserted) people.start();
  await rest(world);
  let hasActed = false;
  for (let turn = 0; judge.broken.length === 0; turn++) {
    if (turn === maxSettling) return judge.fail("D6 a run comes to rest", `${turn} turns`);
    if (scheduler.messages > 0) scheduler.arrive();
    else if (world.isDue) world.ring();
    else if (!isDeserted && !judge.duties.isOver && !hasActed) {
      hasActed = true;
      for (const { record } of database.pending) people.decide(record, true);
      people.answer(true);
    } else {
      hasActed = false;
      const timerMs = scheduler.nextTimerMs;
      const alarmMs = world.ringing
        ? Number.POSITIVE_INFINITY
        : (alarm.atMs ?? Number.POSITIVE_INFINITY);
      if (timerMs <= alarmMs && timerMs < Number.POSITIVE_INFINITY) scheduler.ring();
      else if (alarmMs < Number.POSITIVE_INFINITY)
        scheduler.nowMs = Math.max(scheduler.nowMs, alarmMs);
      else if (isDeserted || judge.duties.isOver || !judge.wasAccepted) break;
    }
    await rest(world);
  }
  if (judge.broken.length === 0) await checkEnd(world, isDeserted);
}
