/**
 * Clients whose command must wait until a pause ends or a MIGRATE is through, and what else waits for that.
 * A pause that ends wakes everybody, who came first first; whom a narrower one still holds is postponed again,
 * behind the others.
 */
import type { Connection } from './connection.js';
import type { PauseOwner, Pauses } from './pauses.js';
import type { PauseScope } from '../ports/session.js';

/** Timers take no longer waits. */
const DELAY_MS_MAX = 0x7fff_ffff;

export class WaitingRoom {
  readonly #pauses: Pauses;
  readonly #connections: () => Iterable<Connection>;
  /** In order of arrival. */
  readonly #postponed = new Set<Connection>();
  /** Changes that a pause holds back: MIGRATEs whose keys have arrived elsewhere. */
  #afterPause: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(pauses: Pauses, connections: () => Iterable<Connection>) {
    this.#pauses = pauses;
    this.#connections = connections;
  }

  pause(owner: PauseOwner, scope: PauseScope, untilMs: number): void {
    this.#pauses.hold(owner, scope, untilMs);
    this.#schedule();
  }

  unpause(owner: PauseOwner): void {
    this.#pauses.release(owner);
    this.retrySoon();
  }

  postpone(connection: Connection, argv: string[]): void {
    connection.postponed = argv;
    this.#postponed.add(connection);
    this.#schedule();
  }

  /** It left. */
  forget(connection: Connection): void {
    this.#postponed.delete(connection);
  }

  /** Do this as soon as no pause is in force: now, if none is. */
  settle(finish: () => void): void {
    this.#afterPause.push(finish);
    this.#wake();
  }

  /** Our role changed: whoever waits for an answer hears so, whoever was postponed tries again. */
  releaseBlocked(): void {
    this.retrySoon();
    for (const connection of [...this.#connections()]) connection.release();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** Whoever was postponed tries again; not at once: the command that led to this is still running. */
  retrySoon(): void {
    setImmediate(() => this.#wake());
  }

  #wake(): void {
    if (this.#isClosed) return;
    if (this.#pauses.scope(Date.now()) === undefined) {
      for (const finish of this.#afterPause.splice(0)) finish();
    }
    this.#schedule();
    const postponed = [...this.#postponed];
    this.#postponed.clear();
    for (const connection of postponed) connection.retryPostponed();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const endsAtMs = this.#pauses.nextEndMs();
    if (endsAtMs === undefined || this.#isClosed) return;
    const delayMs = Math.max(1, Math.min(endsAtMs - Date.now(), DELAY_MS_MAX));
    this.#timer = setTimeout(() => this.#wake(), delayMs);
  }
}
