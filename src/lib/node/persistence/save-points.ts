/**
 * When data are due to be written to disk by themselves: after so many changes within so many seconds.
 * What failed is tried again soon, but not at once.
 */

export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

export interface SaveHistory {
  /** Changes that are not on disk. */
  readonly changes: number;
  readonly secondsSinceSave: number;
  readonly secondsSinceAttempt: number;
  readonly hasFailed: boolean;
}

/** A disk that was full a moment ago is most likely still full. */
const RETRY_SECONDS = 5;

/** The value of `save`: pairs of seconds and changes. */
export function parseSavePoints(value: string): SavePoint[] {
  const numbers = value.split(' ').filter(Boolean).map(Number);
  const points: SavePoint[] = [];
  for (let at = 0; at + 1 < numbers.length; at += 2) {
    points.push({ seconds: numbers[at]!, changes: numbers[at + 1]! });
  }
  return points;
}

/** The point that asks for a save now, if any. */
export function dueSavePoint(
  points: readonly SavePoint[],
  history: SaveHistory,
): SavePoint | undefined {
  if (!mayRetry(history)) return undefined;
  return points.find(
    ({ seconds, changes }) => history.changes >= changes && history.secondsSinceSave > seconds,
  );
}

export function mayRetry(history: Pick<SaveHistory, 'hasFailed' | 'secondsSinceAttempt'>): boolean {
  return !history.hasFailed || history.secondsSinceAttempt > RETRY_SECONDS;
}
