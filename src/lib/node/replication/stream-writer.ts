/**
 * A primary's side of the stream: commands become bytes, with a SELECT where the database changes.
 * What one turn writes is collected, so that each replica gets it in one piece; the offset counts it at
 * once, because WAIT and failovers look at it before the bytes have left.
 */
import { encodeRequest } from '../../wire/resp/request-encoder.js';

const NO_DB = -1;

export class StreamWriter {
  #text = '';
  #db = NO_DB;

  /** Bytes not taken yet. */
  get pendingBytes(): number {
    return this.#text.length;
  }

  /** What the stream has selected; undefined when the next command must say it. */
  get db(): number | undefined {
    return this.#db === NO_DB ? undefined : this.#db;
  }

  /** A command for a database. */
  command(db: number, argv: readonly string[]): void {
    if (db !== this.#db) {
      this.#db = db;
      this.#text += encodeRequest(['SELECT', String(db)]);
    }
    this.#text += encodeRequest(argv);
  }

  /** A word among servers, which no database is concerned with. */
  remark(argv: readonly string[]): void {
    this.#text += encodeRequest(argv);
  }

  /** The reader to come knows of no SELECT before. */
  forgetDb(): void {
    this.#db = NO_DB;
  }

  take(): Buffer {
    const bytes = Buffer.from(this.#text, 'latin1');
    this.#text = '';
    return bytes;
  }
}
