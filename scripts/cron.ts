const minuteMs = 60_000;
/** Where the local runtime takes the Worker's cron for fired; by itself it never is. */
const path = "/cdn-cgi/local/scheduled?cron=*+*+*+*+*";

/**
 * Fires the Worker's cron at the beginning of each minute, as the platform does, until what it returns is called. What fails
 * is the next minute's: a server that is building, or has ended, and a Worker that takes no cron.
 */
export function fireEachMinute(url: string): () => void {
  const end = new AbortController();
  const fire = async (): Promise<void> => {
    const signal = AbortSignal.any([end.signal, AbortSignal.timeout(minuteMs)]);
    try {
      const answer = await fetch(`${url}${path}`, { signal });
      await answer.body?.cancel();
    } catch {
      // What went wrong in the Worker stands in its own log.
    }
  };
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    timer = setTimeout(
      () => {
        wait();
        void fire();
      },
      minuteMs - (Date.now() % minuteMs),
    );
  };
  wait();
  return () => {
    end.abort();
    clearTimeout(timer);
  };
}
