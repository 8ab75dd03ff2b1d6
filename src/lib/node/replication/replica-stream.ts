/**
 * The primary's stream on a replica: commands to apply, and the offset that moves with them.
 *
 * The offset is the whole point. It moves only over whole commands, and inside MULTI not before EXEC, so
 * that after a cut the replica asks again for exactly what it has not applied. It counts the bytes as
 * they came, and those same bytes go on to the replicas of this replica: a command encoded again might
 * be a byte shorter, and the chain would differ for ever.
 */
import { RequestParser } from '../../wire/resp/request-parser.js';

export interface StreamListener {
  /** Throws when the command could never be applied: no part of its transaction is, then. */
  vet(argv: readonly string[]): void;
  /** Apply a command; it throws when it cannot be applied, and the stream stops before it. */
  apply(argv: readonly string[], db: number): void;
  /** What `run` applies is one transaction. */
  together(run: () => void): void;
  /** Answer GETACK with the offset as it is now (this command's own bytes are not in it). */
  acknowledge(offset: number): void;
  /** These bytes are applied: they belong to the history, and to the replicas behind. */
  forward(bytes: Buffer): void;
}

export class ReplicaStream {
  readonly #listener: StreamListener;
  readonly #parser = new RequestParser();
  readonly #startOffset: number;
  #offset: number;
  #db: number;
  #appliedDb: number;
  /** Commands since MULTI, with the database each is for. */
  #transaction: { argv: readonly string[]; db: number }[] | undefined;
  /** Bytes received and not forwarded. */
  #unforwarded: Buffer[] = [];
  #forwardedOffset: number;

  /**
   * @param offset bytes applied so far
   * @param db the database the stream had selected there
   */
  constructor(listener: StreamListener, offset: number, db: number) {
    this.#listener = listener;
    this.#startOffset = offset;
    this.#offset = offset;
    this.#forwardedOffset = offset;
    this.#db = db;
    this.#appliedDb = db;
  }

  /** Bytes applied. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes received, applied or not. */
  get readOffset(): number {
    return this.#startOffset + this.#parser.consumedBytes + this.#parser.pendingBytes;
  }

  /** The selected database after the last applied command. */
  get db(): number {
    return this.#appliedDb;
  }

  /** @throws what `apply` throws, and an Error when the bytes are no commands. */
  push(chunk: Buffer): void {
    this.#unforwarded.push(chunk);
    this.#parser.push(chunk);
    try {
      for (;;) {
        const argv = this.#parser.next();
        if (argv === undefined) break;
        this.#take(argv);
      }
    } finally {
      this.#forward();
    }
    this.#parser.keep();
    if (this.#parser.error !== undefined) throw new Error(this.#parser.error);
  }

  #take(argv: readonly string[]): void {
    const name = argv[0]!.toLowerCase();
    if (name === 'select') this.#db = Number(argv[1]);
    else if (name === 'multi') this.#transaction = [];
    else if (name === 'exec') this.#commit();
    else if (name === 'replconf') this.#takeReplconf(argv);
    else if (this.#transaction) {
      this.#listener.vet(argv);
      this.#transaction.push({ argv, db: this.#db });
    } else if (name !== 'ping') this.#listener.apply(argv, this.#db);
    if (this.#transaction === undefined) {
      this.#offset = this.#startOffset + this.#parser.consumedBytes;
      this.#appliedDb = this.#db;
    }
  }

  #commit(): void {
    const commands = this.#transaction ?? [];
    this.#transaction = undefined;
    this.#listener.together(() => {
      for (const { argv, db } of commands) this.#listener.apply(argv, db);
    });
  }

  #takeReplconf(argv: readonly string[]): void {
    if (argv[1]?.toLowerCase() === 'getack') this.#listener.acknowledge(this.#offset);
  }

  #forward(): void {
    const count = this.#offset - this.#forwardedOffset;
    if (count === 0) return;
    this.#forwardedOffset = this.#offset;
    const all =
      this.#unforwarded.length === 1 ? this.#unforwarded[0]! : Buffer.concat(this.#unforwarded);
    const rest = all.subarray(count);
    this.#unforwarded = rest.length > 0 ? [rest] : [];
    this.#listener.forward(all.subarray(0, count));
  }
}
