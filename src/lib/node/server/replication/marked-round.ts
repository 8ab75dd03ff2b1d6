/**
 * A snapshot that goes to its replicas as it is made. No more is made than the slowest of them takes, so it
 * costs no memory and no disk; a replica that stands still holds up the others until it is dropped.
 */
import { randomBytes } from 'node:crypto';
import type { Snapshot } from '../../persistence/snapshot.js';
import { guarded } from '../fault.js';
import type { ReplicaSession, SyncRound } from './replica-session.js';
import {
  ENTRIES_PER_STEP,
  REST_MS,
  SLICE_MS,
  type SyncRoundOptions,
  UNSENT_BYTES_MAX,
} from './sync-round.js';

const MARK_HEX_BYTES = 20;

export class MarkedRound implements SyncRound {
  readonly form = 'marked';
  readonly #options: SyncRoundOptions;
  readonly #sessions: Set<ReplicaSession>;
  readonly #snapshot: Snapshot;
  readonly #mark = randomBytes(MARK_HEX_BYTES).toString('hex');
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(options: SyncRoundOptions) {
    const { sessions, snapshot } = options;
    this.#options = options;
    this.#sessions = new Set(sessions);
    this.#snapshot = snapshot((chunk) => this.#send(chunk));
  }

  get isMaking(): boolean {
    return !this.#isOver;
  }

  /** A small snapshot is sent whole before this returns. */
  start(): void {
    this.#send(`$EOF:${this.#mark}\r\n`);
    this.#goOn();
  }

  leave(session: ReplicaSession): void {
    this.#sessions.delete(session);
    if (this.#sessions.size > 0 || this.#isOver) return;
    this.#giveUp();
  }

  #giveUp(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#snapshot.cancel();
    this.#options.onMade();
  }

  #goOn(): void {
    guarded(
      () => this.#advance(),
      (reason) => {
        if (!this.#isOver) this.#giveUp();
        this.#options.onFailed([...this.#sessions], reason);
      },
    );
  }

  #advance(): void {
    const untilMs = performance.now() + SLICE_MS;
    while (!this.#isOver && performance.now() < untilMs) {
      if (this.#isStuck()) {
        this.#timer = setTimeout(() => this.#goOn(), REST_MS);
        return;
      }
      if (this.#snapshot.advance(ENTRIES_PER_STEP)) {
        this.#finish();
        return;
      }
    }
    if (!this.#isOver) setImmediate(() => this.#goOn());
  }

  #isStuck(): boolean {
    for (const { client } of this.#sessions) {
      if (client.pendingBytes > UNSENT_BYTES_MAX) return true;
    }
    return false;
  }

  #send(bytes: string | Uint8Array): void {
    // Sending may end a connection, and with it the round.
    for (const session of [...this.#sessions]) session.send(bytes);
  }

  #finish(): void {
    this.#send(this.#mark);
    this.#isOver = true;
    for (const session of [...this.#sessions]) session.snapshotSent();
    this.#options.onMade();
  }
}
