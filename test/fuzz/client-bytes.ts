/**
 * What no client should send, case by case from a seed: every command of the table with arguments of every
 * kind, valid requests that were damaged on the way, counts and lengths that are lies, and plain junk.
 */
import { Prng } from '../../src/lib/kernel/prng.js';
import { ALL_COMMANDS } from '../../src/lib/node/server/all-commands.js';
import { encodeRequest } from '../../src/lib/wire/resp/request-encoder.js';

/**
 * They would end the test instead of the node: they stop it, send it after a stranger, hold all clients,
 * reach out to other ports or fill the disk. They have tests of their own.
 */
const LEFT_OUT: ReadonlySet<string> = new Set([
  ...['shutdown', 'replicaof', 'slaveof', 'failover', 'migrate', 'debug'],
  ...['save', 'bgsave', 'bgrewriteaof', 'client|pause', 'config|set', 'config|rewrite'],
  // The test counts what was run.
  'config|resetstat',
  'cluster|meet',
]);

interface Callable {
  readonly words: readonly string[];
  /** With the words; negative means "at least". */
  readonly arity: number;
  readonly group: string;
}

const CALLABLE: readonly Callable[] = ALL_COMMANDS.flatMap(
  ({ name, arity, group, subcommands }) => [
    { words: [name], arity, group },
    ...(subcommands ?? []).map((sub) => ({ words: [name, sub.name], arity: sub.arity, group })),
  ],
).filter(({ words }) => !LEFT_OUT.has(words.join('|')));

const KEYS = Array.from({ length: 12 }, (_, at) => `key:${at}`);

const WORDS = [
  ...[
    'NX',
    'XX',
    'GT',
    'LT',
    'CH',
    'INCR',
    'EX',
    'PX',
    'EXAT',
    'PXAT',
    'KEEPTTL',
    'GET',
    'PERSIST',
  ],
  ...['WITHSCORES', 'WITHVALUES', 'LIMIT', 'COUNT', 'MATCH', 'TYPE', 'BY', 'STORE', 'ALPHA', 'ASC'],
  ...[
    'DESC',
    'BYSCORE',
    'BYLEX',
    'REV',
    'WEIGHTS',
    'AGGREGATE',
    'SUM',
    'MIN',
    'MAX',
    'LEFT',
    'RIGHT',
  ],
  ...[
    'BEFORE',
    'AFTER',
    'REPLACE',
    'ABSTTL',
    'IDLETIME',
    'FREQ',
    'RANK',
    'MAXLEN',
    'AND',
    'OR',
    'XOR',
  ],
  ...['NOT', 'BIT', 'BYTE', 'OVERFLOW', 'SAT', 'WRAP', 'FAIL', 'SET', 'INCRBY', 'u8', 'i64', '#1'],
  ...[
    'FULL',
    'ON',
    'OFF',
    'SKIP',
    'YES',
    'NO',
    'ID',
    'ADDR',
    'LADDR',
    'USER',
    'KEYS',
    'AUTH',
    'ASYNC',
  ],
  ...[
    'SYNC',
    'LEN',
    'IDX',
    'MINMATCHLEN',
    'WITHMATCHLEN',
    'DB',
    'NODE',
    'STABLE',
    'IMPORTING',
    'FORCE',
  ],
];

const ODD_WORDS = [
  ...['', '0', '1', '-1', '2', '10', '100', '1000', '-1000', '16383', '16384', '4294967295'],
  ...['4294967296', '2147483647', '2147483648', '-2147483648', '9007199254740993'],
  ...['9223372036854775807', '-9223372036854775808', '9223372036854775808', '18446744073709551616'],
  ...[
    '0.1',
    '-0',
    '1e3',
    '1e400',
    '-1e400',
    'nan',
    'inf',
    '-inf',
    '+inf',
    '0x10',
    ' 1',
    '1 ',
    '1.5.5',
  ],
  ...[
    '*',
    '?',
    '[',
    '[a-',
    '\\',
    '-',
    '+',
    '$',
    '(1',
    '(inf',
    '[a',
    '(b',
    '0-1',
    '*-*',
    '{',
    '{}',
    '{a}',
  ],
  ...[
    '%',
    '%s%n',
    '\r\n',
    '\0',
    '\xff\xfe',
    '"',
    "'",
    'a b',
    '__proto__',
    'constructor',
    'toString',
  ],
  '1'.repeat(400),
  'x'.repeat(2000),
  '*'.repeat(60),
];

export interface FuzzCase {
  /** Latin1. */
  readonly bytes: string;
  /** Requests and nothing else: the connection can be used on. */
  readonly isWhole: boolean;
}

export class ClientBytes {
  readonly #prng: Prng;

  constructor(seed: number, index: number) {
    this.#prng = new Prng(seed, index);
  }

  make(): FuzzCase {
    const kind = this.#prng.below(100);
    if (kind < 65) return { bytes: this.#request(), isWhole: true };
    if (kind < 85) return { bytes: this.#pipeline(), isWhole: true };
    if (kind < 94) return { bytes: this.#damaged(this.#request()), isWhole: false };
    if (kind < 97) return { bytes: this.#lie(), isWhole: false };
    return { bytes: this.#junk(), isWhole: false };
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#prng.below(from.length)]!;
  }

  /** Mostly of the command's own kind, so that it finds a value it can work with. */
  #key(group: string): string {
    return this.#prng.below(8) === 0 ? this.#pick(KEYS) : `${group}:${this.#prng.below(4)}`;
  }

  #argument(group: string): string {
    const kind = this.#prng.below(10);
    if (kind < 4) return this.#key(group);
    if (kind < 6) return this.#pick(WORDS);
    if (kind < 8) return this.#pick(ODD_WORDS);
    return String(this.#prng.below(20));
  }

  #argv(): string[] {
    const { words, arity, group } = this.#pick(CALLABLE);
    const least = Math.abs(arity) - words.length;
    const isStrict = arity > 0 && this.#prng.below(10) > 0;
    const count = isStrict ? least : Math.max(0, least + this.#prng.below(8) - 1);
    return [
      ...words,
      ...Array.from({ length: count }, (_, at) =>
        at === 0 && this.#prng.below(2) === 0 ? this.#key(group) : this.#argument(group),
      ),
    ];
  }

  #request(): string {
    return encodeRequest(this.#argv());
  }

  #pipeline(): string {
    const requests = Array.from({ length: 1 + this.#prng.below(10) }, () => this.#request());
    if (this.#prng.below(2) === 0) return requests.join('');
    return `${encodeRequest(['MULTI'])}${requests.join('')}${encodeRequest(['EXEC'])}`;
  }

  #damaged(text: string): string {
    let bytes = text;
    for (let blows = 1 + this.#prng.below(4); blows > 0; blows--) {
      const at = this.#prng.below(bytes.length + 1);
      const length = this.#prng.below(6);
      const [head, tail] = [bytes.slice(0, at), bytes.slice(at)];
      switch (this.#prng.below(6)) {
        case 0:
          bytes = head + String.fromCharCode(this.#prng.below(256)) + tail.slice(1);
          break;
        case 1:
          bytes = head + tail.slice(length);
          break;
        case 2:
          bytes = head + tail.slice(0, length).repeat(1 + this.#prng.below(4)) + tail;
          break;
        case 3:
          bytes = head + this.#pick(['\r\n', '\n', '\r', '\0', '*', '$', '-1']) + tail;
          break;
        case 4:
          bytes = bytes.replace(/\d+/, () => this.#pick(ODD_WORDS));
          break;
        default:
          bytes = head;
      }
    }
    return bytes;
  }

  /** A count or a length that the rest does not keep to. */
  #lie(): string {
    const number = this.#pick(ODD_WORDS);
    return this.#pick([
      `*${number}\r\n`,
      `*${number}\r\n$4\r\nPING\r\n`,
      `*1\r\n$${number}\r\nPING\r\n`,
      `*2\r\n$3\r\nGET\r\n$${number}\r\nx\r\n`,
      `*3\r\n$3\r\nSET\r\n$1\r\na\r\n$${1 + this.#prng.below(100_000)}\r\nb`,
      `*2\r\n:1\r\n+OK\r\n`,
      `*1\r\n*1\r\n$4\r\nPING\r\n`,
    ]);
  }

  #junk(): string {
    const length = this.#pick([1, 10, 100, 1000, 70_000]);
    switch (this.#prng.below(4)) {
      case 0:
        return `${this.#argv().join(' ')}${this.#pick(['', ' "', " '", '"', ' \\x4'])}\r\n`;
      case 1:
        return 'x'.repeat(length);
      case 2:
        return `${this.#pick(ODD_WORDS)} ${this.#pick(ODD_WORDS)}\n`;
      default:
        return Array.from({ length: Math.min(length, 1000) }, () =>
          String.fromCharCode(this.#prng.below(256)),
        ).join('');
    }
  }
}
