/**
 * What time it is for a command, and how long each took. Reading a clock costs as much as a GET does, so the
 * commands of one chunk that are over at once (see `Command.isQuick`) see one time and share what they took
 * together, evenly and a few dozen at a time; any other command is timed by itself. So a slow command has
 * its own duration in SLOWLOG and INFO, and only between quick ones do differences blur.
 */
import type { CommandStat, ServerStats } from '../ports/stats.js';

export interface CallClockOptions {
  readonly stats: ServerStats;
  readonly nowMs: () => number;
  readonly nowMicros: () => number;
}

/** So many quick commands share a reading: some fifty microseconds. */
const SHARED_BY_MAX = 64;

export class CallClock {
  /** Milliseconds since the epoch, as commands see them. */
  nowMs = 0;
  readonly #options: CallClockOptions;
  /** The quick commands that ran since `#sinceMicros`. */
  readonly #shared: CommandStat[] = [];
  /** Undefined where nothing is being timed. */
  #sinceMicros: number | undefined;
  #usualMicros = 1;
  #isOpen = false;

  constructor(options: CallClockOptions) {
    this.#options = options;
  }

  /** The commands of a chunk follow. @returns the time */
  open(): number {
    this.#isOpen = true;
    return (this.nowMs = this.#options.nowMs());
  }

  close(): void {
    this.#isOpen = false;
    this.settle();
    this.#sinceMicros = undefined;
  }

  /** A quick command begins. */
  beginQuick(): void {
    if (!this.#isOpen) this.#refresh();
    this.#sinceMicros ??= this.#options.nowMicros();
  }

  /** It was quick indeed. */
  endQuick(stat: CommandStat): void {
    this.#shared.push(stat);
    if (!this.#isOpen || this.#shared.length === SHARED_BY_MAX) this.settle();
  }

  /** It was not: whatever those before it did not need is its own. @returns its microseconds */
  endUnexpected(): number {
    const { stats, nowMicros } = this.#options;
    const endMicros = nowMicros();
    const totalMicros = endMicros - (this.#sinceMicros ?? endMicros);
    const count = this.#shared.length;
    const shareMicros = Math.min(this.#usualMicros, totalMicros / (count + 1));
    for (const stat of this.#shared.splice(0)) stats.charge(stat, shareMicros);
    this.#goOn(endMicros);
    return totalMicros - count * shareMicros;
  }

  /** A command begins that is timed by itself. @returns what `end` wants to have */
  begin(): number {
    if (!this.#isOpen) this.#refresh();
    if (this.#shared.length > 0) this.settle();
    return (this.#sinceMicros ??= this.#options.nowMicros());
  }

  /** @returns its microseconds, those of commands inside it (EXEC's) included */
  end(beganMicros: number): number {
    if (this.#shared.length > 0) this.settle();
    const endMicros = this.#options.nowMicros();
    this.#goOn(endMicros);
    return endMicros - beganMicros;
  }

  /** Those that ran share what they took. */
  settle(): void {
    const count = this.#shared.length;
    if (count === 0) return;
    const { stats, nowMicros } = this.#options;
    const endMicros = nowMicros();
    const shareMicros = (endMicros - (this.#sinceMicros ?? endMicros)) / count;
    this.#usualMicros = shareMicros;
    for (let at = 0; at < count; at++) stats.charge(this.#shared[at]!, shareMicros);
    this.#shared.length = 0;
    this.#goOn(endMicros);
  }

  #goOn(endMicros: number): void {
    if (!this.#isOpen) {
      this.#sinceMicros = undefined;
      return;
    }
    this.#sinceMicros = endMicros;
    this.nowMs = this.#options.nowMs();
  }

  #refresh(): void {
    this.nowMs = this.#options.nowMs();
    this.#sinceMicros = undefined;
  }
}
