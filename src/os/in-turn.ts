/** Asks for each item, a few at a time; the answers come in the items' order. */
export async function inTurn<T, R>(
  items: readonly T[],
  ask: (item: T) => Promise<R>,
  atOnce = 8,
): Promise<R[]> {
  const answers: R[] = [];
  const rest = items.entries();
  const work = async (): Promise<void> => {
    for (const [at, item] of rest) answers[at] = await ask(item);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return answers;
}
