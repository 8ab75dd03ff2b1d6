/** `Promise.all` over many nodes, with a bound on how many are asked at once. */
export async function mapBounded<T, R>(
  items: readonly T[],
  bound: number,
  ask: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const answers = new Array<R>(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      answers[index] = await ask(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(bound, items.length) }, worker));
  return answers;
}
