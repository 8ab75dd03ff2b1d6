/**
 * Data as the commands that make them: the base of an append-only file without RDB. Long collections take
 * several commands, so that none is longer than what a reader likes to hold.
 */
import { encodeRequest, requestBytes, wordBytes } from '../../wire/resp/request-encoder.js';
import type { Collection } from '../store/value.js';
import type { PictureWriter } from './picture-writer.js';

const ITEMS_PER_COMMAND = 64;
const CHUNK_BYTES = 64 * 1024;

const VERBS: Readonly<Record<Collection['kind'], string>> = {
  list: 'RPUSH',
  set: 'SADD',
  hash: 'HMSET',
  zset: 'ZADD',
};

export class CommandWriter implements PictureWriter {
  readonly #emit: (chunk: Buffer) => void;
  #text = '';
  /** Of the collection that is being written. */
  #kind: Collection['kind'] = 'list';
  #key = '';
  #expireAtMs: number | undefined;
  /** The command that grows, how many items are in it, and the bytes of these. */
  #words: string[] = [];
  #items = 0;
  #itemBytes = 0;
  /** A field or a member, until what belongs to it has come. */
  #name: string | undefined;

  constructor(emit: (chunk: Buffer) => void) {
    this.#emit = emit;
  }

  annotate(line: string): void {
    this.#add(`${line}\r\n`);
  }

  selectDb(db: number): void {
    this.#command('SELECT', String(db));
  }

  string(key: string, value: string, expireAtMs: number | undefined): void {
    this.#command('SET', key, value);
    this.#expire(key, expireAtMs);
  }

  beginCollection(kind: Collection['kind'], key: string, expireAtMs: number | undefined): void {
    this.#kind = kind;
    this.#key = key;
    this.#expireAtMs = expireAtMs;
    this.#beginCommand();
  }

  length(): void {
    // Commands do not say how many elements there will be.
  }

  text(latin1: string): void {
    const name = this.#name;
    if (this.#kind === 'list' || this.#kind === 'set') this.#item(latin1);
    else if (name === undefined) this.#name = latin1;
    else this.#item(name, latin1);
  }

  double(value: number): void {
    this.#item(scoreText(value), this.#name!);
  }

  endCollection(): void {
    if (this.#items > 0) this.#command(...this.#words);
    this.#expire(this.#key, this.#expireAtMs);
  }

  end(): void {
    this.#flush();
  }

  #beginCommand(): void {
    this.#words = [VERBS[this.#kind], this.#key];
    this.#items = 0;
    this.#itemBytes = 0;
  }

  #item(...words: readonly string[]): void {
    this.#name = undefined;
    this.#words.push(...words);
    this.#itemBytes += wordBytes(words);
    this.#items++;
    if (this.#items < ITEMS_PER_COMMAND && this.#itemBytes < CHUNK_BYTES) return;
    this.#command(...this.#words);
    this.#beginCommand();
  }

  #expire(key: string, expireAtMs: number | undefined): void {
    if (expireAtMs !== undefined) this.#command('PEXPIREAT', key, String(expireAtMs));
  }

  #command(...argv: readonly string[]): void {
    if (wordBytes(argv) < CHUNK_BYTES) {
      this.#add(encodeRequest(argv));
      return;
    }
    this.#flush();
    this.#emit(requestBytes(argv));
  }

  #add(text: string): void {
    if (this.#text.length + text.length > CHUNK_BYTES) this.#flush();
    this.#text += text;
  }

  #flush(): void {
    if (this.#text === '') return;
    this.#emit(Buffer.from(this.#text, 'latin1'));
    this.#text = '';
  }
}

function scoreText(score: number): string {
  if (Number.isFinite(score)) return Object.is(score, -0) ? '-0' : String(score);
  return score > 0 ? 'inf' : '-inf';
}
