/**
 * Data as the commands that make them: the base of an append-only file without RDB. Long collections take
 * several commands, so that none is longer than what a reader likes to hold.
 */
import { encodeRequest, requestBytes, wordBytes } from '../../wire/resp/request-encoder.js';
import { type Entry, NEVER } from '../store/entry.js';
import type { Collection } from '../store/value.js';

const ITEMS_PER_COMMAND = 64;
const CHUNK_BYTES = 64 * 1024;

export class CommandWriter {
  readonly #emit: (chunk: Buffer) => void;
  #text = '';

  constructor(emit: (chunk: Buffer) => void) {
    this.#emit = emit;
  }

  annotate(line: string): void {
    this.#add(`${line}\r\n`);
  }

  selectDb(db: number): void {
    this.#command('SELECT', String(db));
  }

  entry({ key, value, expireAtMs }: Entry): void {
    if (typeof value === 'string') this.#command('SET', key, value);
    else this.#collection(key, value);
    if (expireAtMs !== NEVER) this.#command('PEXPIREAT', key, String(expireAtMs));
  }

  end(): void {
    this.#flush();
  }

  #collection(key: string, value: Collection): void {
    switch (value.kind) {
      case 'list':
        this.#inParts(['RPUSH', key], (add) => {
          for (const element of value) add(element);
        });
        return;
      case 'set':
        this.#inParts(['SADD', key], (add) => {
          for (const member of value) add(member);
        });
        return;
      case 'hash':
        this.#inParts(['HMSET', key], (add) => value.forEach((field, text) => add(field, text)));
        return;
      case 'zset':
        this.#inParts(['ZADD', key], (add) =>
          value.forEach((member, score) => add(scoreText(score), member)),
        );
    }
  }

  #inParts(head: readonly string[], each: (add: (...words: string[]) => void) => void): void {
    let items = 0;
    let bytes = 0;
    let words = [...head];
    each((...item) => {
      words.push(...item);
      bytes += wordBytes(item);
      if (++items % ITEMS_PER_COMMAND !== 0 && bytes < CHUNK_BYTES) return;
      this.#command(...words);
      words = [...head];
      bytes = 0;
    });
    if (words.length > head.length) this.#command(...words);
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
