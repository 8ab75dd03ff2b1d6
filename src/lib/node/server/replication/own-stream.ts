/**
 * The stream a primary writes, turn by turn: what commands and remarks add gathers, and leaves in one piece
 * when the turn ends, or earlier for who must know exactly where the stream stands.
 */
import type { ReplicationHistory } from '../../replication/history.js';
import { StreamWriter } from '../../replication/stream-writer.js';
import type { Sender, Turn } from '../turn.js';

export interface OwnStreamOptions {
  readonly history: ReplicationHistory;
  readonly turn: Turn;
  /** Bytes leave for the replicas; the history has them. */
  readonly push: (bytes: Buffer) => void;
}

export class OwnStream implements Sender {
  readonly #options: OwnStreamOptions;
  readonly #writer = new StreamWriter();
  #isFlushScheduled = false;
  /** GETACK is in what this turn says; once is enough. */
  #hasAskedForAcks = false;

  constructor(options: OwnStreamOptions) {
    this.#options = options;
  }

  /** Counted from the moment something is written: WAIT and failovers look before the bytes have left. */
  get offset(): number {
    return this.#options.history.offset + this.#writer.pendingBytes;
  }

  /** What the stream has selected; undefined when the next command must say it. */
  get db(): number | undefined {
    return this.#writer.db;
  }

  command(db: number, argv: readonly string[]): void {
    this.#writer.command(db, argv);
    this.#flushSoon();
  }

  askForAcks(): void {
    if (this.#hasAskedForAcks) return;
    this.#hasAskedForAcks = true;
    this.#writer.remark(['REPLCONF', 'GETACK', '*']);
    this.#flushSoon();
  }

  ping(): void {
    this.#writer.remark(['PING']);
    this.flush();
  }

  /** The reader to come knows of no SELECT before. */
  forgetDb(): void {
    this.#writer.forgetDb();
  }

  flush(): void {
    this.#hasAskedForAcks = false;
    if (this.#writer.pendingBytes === 0) return;
    const bytes = this.#writer.take();
    this.#options.history.append(bytes);
    this.#options.push(bytes);
  }

  /** The turn ends. */
  sendReplies(): void {
    this.#isFlushScheduled = false;
    this.flush();
  }

  /** One write per replica, however many commands a client sent at once. */
  #flushSoon(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    this.#options.turn.schedule(this);
  }
}
