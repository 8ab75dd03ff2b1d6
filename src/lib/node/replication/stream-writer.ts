/**
 * A primary's side of the stream: commands become bytes, with a SELECT where the database changes.
 * What one turn writes is collected, so that each replica gets it in one piece; the offset counts it at
 * once, because WAIT and failovers look at it before the bytes have left.
 */
import { encodeRequest, requestBytes, wordBytes } from '../../wire/resp/request-encoder.js';

const NO_DB = -1;

/** Text is cheap to append to, but a string has an end (512 MiB); longer commands become bytes at once. */
const TEXT_COMMAND_BYTES_MAX = 1024 * 1024;
const TEXT_BYTES_MAX = 64 * 1024 * 1024;

export class StreamWriter {
  #text = '';
  /** What became bytes before `#text`. */
  #pieces: Buffer[] = [];
  #piecesBytes = 0;
  #db = NO_DB;

  /** Bytes not taken yet. */
  get pendingBytes(): number {
    return this.#piecesBytes + this.#text.length;
  }

  /** What the stream has selected; undefined when the next command must say it. */
  get db(): number | undefined {
    return this.#db === NO_DB ? undefined : this.#db;
  }

  /** A command for a database. */
  command(db: number, argv: readonly string[]): void {
    if (db !== this.#db) {
      this.#db = db;
      this.remark(['SELECT', String(db)]);
    }
    this.remark(argv);
  }

  /** A word among servers, which no database is concerned with. */
  remark(argv: readonly string[]): void {
    if (wordBytes(argv) <= TEXT_COMMAND_BYTES_MAX) {
      this.#text += encodeRequest(argv);
      if (this.#text.length > TEXT_BYTES_MAX) this.#settleText();
    } else {
      this.#settleText();
      this.#settle(requestBytes(argv));
    }
  }

  /** A line for whoever reads the stream from a file. */
  annotate(line: string): void {
    this.#text += `${line}\r\n`;
  }

  /** The reader to come knows of no SELECT before. */
  forgetDb(): void {
    this.#db = NO_DB;
  }

  take(): Buffer {
    this.#settleText();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#piecesBytes = 0;
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  #settleText(): void {
    if (this.#text === '') return;
    this.#settle(Buffer.from(this.#text, 'latin1'));
    this.#text = '';
  }

  #settle(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#piecesBytes += bytes.length;
  }
}
