/** How many there are of each. */
export const stored = 20_000;

/**
 * Stores events, schedules, their runs and failed deliveries for each number `n` of a table `numbers`, in either database's
 * words: every hundredth event is of `rare`; one schedule in ten is off; of the runs of `busy` one in a thousand was started
 * and one waits.
 */
export const triggerRows = [
  `INSERT INTO events (id, webhook, type, status, run_id, error, deliveries, replays, created_at_ms, updated_at_ms, headers, body)
   SELECT 'evt_' || n, CASE WHEN n % 100 = 0 THEN 'rare' ELSE 'github' END, NULL, 'started', 'run_' || n, NULL, 1, 0, n, n,
     '{}', '{}' FROM numbers`,
  `INSERT INTO schedules (id, source, agent_id, cron, timezone, message, overlap, missed, is_enabled, authors, next_at_ms,
     version, created_at_ms, updated_at_ms)
   SELECT 'schedule-' || n, 'api', 'a', '* * * * *', 'UTC', 'm', 'skip', 'skip', n % 10 <> 0, '[]', n, 1, n, n FROM numbers`,
  `INSERT INTO schedule_runs (id, schedule_id, due_at_ms, status, is_manual, created_at_ms, updated_at_ms)
   SELECT 'srn_' || n, CASE WHEN n % 2 = 0 THEN 'busy' ELSE 'other-' || n % 100 END, n,
     CASE WHEN n % 1000 = 0 THEN 'started' WHEN n = 5002 THEN 'queued' ELSE 'skipped' END, 1 = 0, n, n FROM numbers`,
  `INSERT INTO deliveries (id, channel, type, run_id, status, attempts, created_at_ms, updated_at_ms)
   SELECT 'msg_' || n, CASE WHEN n % 2 = 0 THEN 'hook' ELSE 'slack' END, 't', 'run_' || n,
     CASE WHEN n % 10 = 0 THEN 'failed' ELSE 'delivered' END, 1, n, n FROM numbers`,
];
export const triggerTables = ["events", "schedules", "schedule_runs", "deliveries"];
