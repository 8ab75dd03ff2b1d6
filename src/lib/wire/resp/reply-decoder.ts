/**
 * Replies as a client reads them: bytes in as they come, typed values out, every type of RESP2 and
 * RESP3. Nesting, lengths and line lengths are bounded; what is no reply ends the stream with a
 * `PROTOCOL` error, because after it nothing can be trusted to start where it seems to.
 */
import { TribError } from '../../kernel/errors.js';
import { BULK_BYTES_MAX, INLINE_BYTES_MAX, REPLY_DEPTH_MAX } from '../../kernel/limits.js';
import { ByteWindow } from './byte-window.js';
import type { Reply } from './reply.js';

/** Elements of one aggregate. SCAN and KEYS answers stay far below; a liar must not reserve more. */
const ELEMENTS_MAX = 64 * 1024 * 1024;

type AggregateKind = 'array' | 'set' | 'push' | 'map' | 'attribute';

/** An aggregate whose elements are still arriving. */
interface Frame {
  readonly kind: AggregateKind;
  missing: number;
  readonly items: Reply[];
}

const AGGREGATES: Readonly<Record<string, AggregateKind>> = {
  '*': 'array',
  '~': 'set',
  '>': 'push',
  '%': 'map',
  '|': 'attribute',
};

export class ReplyDecoder extends ByteWindow {
  readonly #frames: Frame[] = [];
  #failure: TribError | undefined;

  /**
   * The next whole reply; undefined when more bytes are needed.
   * @throws TribError PROTOCOL, then and ever after.
   */
  next(): Reply | undefined {
    if (this.#failure) throw this.#failure;
    for (;;) {
      let value = this.#readOne();
      if (value === undefined) return undefined;
      // A finished element may finish the aggregates around it.
      while (value !== 'opened') {
        const frame = this.#frames.at(-1);
        if (frame === undefined) return value;
        frame.items.push(value);
        frame.missing--;
        if (frame.missing > 0) break;
        this.#frames.pop();
        value = close(frame);
      }
    }
  }

  /** One scalar, or `opened` after the head of a non-empty aggregate. */
  #readOne(): Reply | 'opened' | undefined {
    const line = this.#peekLine();
    if (line === undefined) return undefined;
    const type = line[0] ?? '';
    const rest = line.slice(1);
    if (type === '$' || type === '!' || type === '=')
      return this.#readBulk(type, rest, line.length);
    this.at += line.length + 2;
    const aggregate = AGGREGATES[type];
    if (aggregate !== undefined) return this.#open(aggregate, rest);
    return this.#scalar(type, rest);
  }

  #scalar(type: string, rest: string): Reply {
    switch (type) {
      case '+':
        return { kind: 'status', text: rest };
      case '-':
        return { kind: 'error', text: rest };
      case ':':
        return { kind: 'integer', value: this.#integer(rest) };
      case '_':
        if (rest !== '') this.#fail(`text after a null`);
        return { kind: 'null', form: 'null' };
      case '#':
        if (rest !== 't' && rest !== 'f') this.#fail(`a boolean is t or f, not ${quote(rest)}`);
        return { kind: 'boolean', value: rest === 't' };
      case ',':
        return { kind: 'double', value: this.#double(rest) };
      case '(':
        if (!/^[+-]?[0-9]+$/.test(rest)) this.#fail(`not a number: ${quote(rest)}`);
        return { kind: 'big-number', value: BigInt(rest.replace(/^\+/, '')) };
      default:
        return this.#fail(`a reply cannot start with ${quote(type)}`);
    }
  }

  #readBulk(type: '$' | '!' | '=', rest: string, lineLength: number): Reply | undefined {
    const length = this.#length(rest, BULK_BYTES_MAX, type === '$');
    if (length === -1) {
      this.at += lineLength + 2;
      return { kind: 'null', form: 'bulk' };
    }
    const from = this.at + lineLength + 2;
    if (this.end < from + length + 2) return undefined;
    if (this.buffer[from + length] !== 13 || this.buffer[from + length + 1] !== 10) {
      this.#fail('a bulk does not end where its length says');
    }
    const text = this.buffer.latin1Slice(from, from + length);
    this.at = from + length + 2;
    if (type === '$') return { kind: 'bulk', text };
    if (type === '!') return { kind: 'bulk-error', text };
    if (text[3] !== ':') this.#fail('a verbatim string without its format');
    return { kind: 'verbatim', format: text.slice(0, 3), text: text.slice(4) };
  }

  #open(kind: AggregateKind, rest: string): Reply | 'opened' {
    const length = this.#length(rest, ELEMENTS_MAX, kind === 'array');
    if (length === -1) return { kind: 'null', form: 'array' };
    if (this.#frames.length >= REPLY_DEPTH_MAX) this.#fail('nested too deep');
    const isPairs = kind === 'map' || kind === 'attribute';
    // An attribute is complete only together with the reply it talks about.
    const missing = (isPairs ? 2 * length : length) + (kind === 'attribute' ? 1 : 0);
    const frame: Frame = { kind, missing, items: [] };
    if (missing === 0) return close(frame);
    this.#frames.push(frame);
    return 'opened';
  }

  /** The line at the cursor without its CR LF; not consumed. */
  #peekLine(): string | undefined {
    const found = this.buffer.indexOf(13, this.at);
    if (found < 0 || found >= this.end) {
      if (this.pendingBytes > INLINE_BYTES_MAX) this.#fail('a line without end');
      return undefined;
    }
    if (found + 1 >= this.end) return undefined;
    if (this.buffer[found + 1] !== 10) this.#fail('CR without LF');
    return this.buffer.latin1Slice(this.at, found);
  }

  #length(text: string, max: number, mayBeNull: boolean): number {
    if (mayBeNull && text === '-1') return -1;
    if (!/^[0-9]{1,12}$/.test(text) || Number(text) > max) this.#fail(`bad length ${quote(text)}`);
    return Number(text);
  }

  #integer(text: string): number | bigint {
    if (!/^[+-]?[0-9]{1,20}$/.test(text)) this.#fail(`not an integer: ${quote(text)}`);
    const value = Number(text);
    if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
    return BigInt(text.replace(/^\+/, ''));
  }

  #double(text: string): number {
    if (text === 'inf' || text === '+inf') return Infinity;
    if (text === '-inf') return -Infinity;
    if (text === 'nan' || text === '-nan') return NaN;
    if (!/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(text)) {
      this.#fail(`not a double: ${quote(text)}`);
    }
    return Number(text);
  }

  #fail(why: string): never {
    this.#failure = new TribError('PROTOCOL', `the peer does not speak RESP: ${why}`);
    throw this.#failure;
  }
}

function close(frame: Frame): Reply {
  const { kind, items } = frame;
  if (kind === 'array' || kind === 'set' || kind === 'push') return { kind, items };
  const of = kind === 'attribute' ? items.pop() : undefined;
  const pairs: (readonly [Reply, Reply])[] = [];
  for (let at = 0; at + 1 < items.length; at += 2) pairs.push([items[at]!, items[at + 1]!]);
  if (kind === 'map') return { kind, pairs };
  return { kind: 'attribute', pairs, of: of! };
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
