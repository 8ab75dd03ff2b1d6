/**
 * One snapshot on its way to one replica, in slices: other clients get their turn in between, and no more
 * is made than the replica takes. Its moment is the construction; what is written later is not in it.
 *
 * Replicas say whether they can find the end of a snapshot by a mark. For one that cannot, the length
 * must be known before the first byte, so the whole is made first and sent afterwards.
 */
import { randomBytes } from 'node:crypto';
import { Snapshot } from '../../persistence/snapshot.js';
import type { ClientPort } from '../../ports/client.js';
import type { Database } from '../../store/database.js';
import type { Keyspace } from '../../store/keyspace.js';

export interface SnapshotFeedOptions {
  readonly client: ClientPort;
  readonly send: (bytes: string | Uint8Array) => void;
  readonly keyspace: Keyspace;
  /** Those of its databases that are wanted. */
  readonly databases: readonly Database[];
  readonly checksum: boolean;
  readonly aux: Iterable<readonly [name: string, value: string]>;
  readonly form: 'marked' | 'counted';
  readonly onSent: () => void;
}

const ENTRIES_PER_STEP = 200;
/** Long enough to get somewhere, short enough not to be felt by other clients. */
const SLICE_MS = 2;
const UNSENT_BYTES_MAX = 1024 * 1024;
/** How long to leave a replica that does not take its bytes alone. */
const REST_MS = 5;
const MARK_HEX_BYTES = 20;

export class SnapshotFeed {
  readonly #options: SnapshotFeedOptions;
  readonly #snapshot: Snapshot;
  readonly #mark = randomBytes(MARK_HEX_BYTES).toString('hex');
  #chunks: Buffer[] = [];
  #isMade = false;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SnapshotFeedOptions) {
    this.#options = options;
    this.#snapshot = new Snapshot({
      keyspace: options.keyspace,
      databases: options.databases,
      checksum: options.checksum,
      aux: options.aux,
      emit: (chunk) => this.#chunks.push(chunk),
    });
  }

  /** True once bytes of the snapshot itself are being sent. */
  get isSending(): boolean {
    return this.#options.form === 'marked' || this.#isMade;
  }

  /** A small snapshot is sent whole before this returns. */
  start(): void {
    if (this.#options.form === 'marked') this.#options.send(`$EOF:${this.#mark}\r\n`);
    this.#advance();
  }

  cancel(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#chunks = [];
    this.#snapshot.cancel();
  }

  #advance(): void {
    const { client, form } = this.#options;
    const untilMs = performance.now() + SLICE_MS;
    while (!this.#isOver && performance.now() < untilMs) {
      const isStuck = client.pendingBytes > UNSENT_BYTES_MAX;
      if (isStuck && (form === 'marked' || this.#isMade)) {
        this.#timer = setTimeout(() => this.#advance(), REST_MS);
        return;
      }
      if (!this.#isMade) this.#make();
      else if (this.#chunks.length === 0) {
        this.#finish();
        return;
      }
      if (this.#isMade || form === 'marked') this.#sendSome();
    }
    if (!this.#isOver) setImmediate(() => this.#advance());
  }

  #make(): void {
    this.#isMade = this.#snapshot.advance(ENTRIES_PER_STEP);
    if (!this.#isMade || this.#options.form === 'marked') return;
    const bytes = this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    this.#options.send(`$${bytes}\r\n`);
    // Sent from the end of the array, so that taking one is cheap however many there are.
    this.#chunks.reverse();
  }

  #sendSome(): void {
    const { client, form, send } = this.#options;
    if (form === 'marked') {
      for (const chunk of this.#chunks.splice(0)) send(chunk);
      return;
    }
    while (this.#chunks.length > 0 && client.pendingBytes <= UNSENT_BYTES_MAX) {
      send(this.#chunks.pop()!);
    }
  }

  #finish(): void {
    if (this.#options.form === 'marked') this.#options.send(this.#mark);
    this.#isOver = true;
    this.#options.onSent();
  }
}
