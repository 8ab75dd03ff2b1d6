/**
 * A client of a cluster that writes without pause and follows wherever it is sent, and remembers what was
 * confirmed: whatever moves meanwhile, all of that must be there in the end.
 */
import { slotOfKey } from '../../src/lib/kernel/slot.js';
import type { Reply } from '../../src/lib/wire/resp/reply.js';
import { RespClient } from '../node/resp-client.js';

const WORKERS = 8;
const ATTEMPTS_MAX = 400;
const PAUSE_MS = 10;

/** Writes one value of each type; what was written can be found again. */
const TYPES = {
  list: {
    write: (key: string, value: string) => ['RPUSH', key, value],
    read: ['LRANGE', '0', '-1'],
  },
  set: { write: (key: string, value: string) => ['SADD', key, value], read: ['SMEMBERS'] },
  hash: { write: (key: string, value: string) => ['HSET', key, value, '1'], read: ['HKEYS'] },
  zset: {
    write: (key: string, value: string) => ['ZADD', key, '1.5', value],
    read: ['ZRANGE', '0', '-1'],
  },
  string: { write: (key: string, value: string) => ['APPEND', key, `${value},`], read: ['GET'] },
} as const;

type TypeName = keyof typeof TYPES;
const TYPE_NAMES = Object.keys(TYPES) as TypeName[];

export class ClusterLoad {
  readonly #clients = new Map<number, Promise<RespClient>>();
  readonly #owners = new Map<number, number>();
  readonly #anyPort: number;
  readonly #keys: number;
  /** What was confirmed, by key. */
  readonly #confirmed = new Map<string, Set<string>>();
  #isRunning = false;
  #workers: Promise<void>[] = [];
  #count = 0;
  /** How often it was sent elsewhere, by the first word of the error. */
  readonly detours = new Map<string, number>();

  /** @param keys of each type */
  constructor(anyPort: number, keys: number) {
    this.#anyPort = anyPort;
    this.#keys = keys;
  }

  get confirmedWrites(): number {
    let sum = 0;
    for (const values of this.#confirmed.values()) sum += values.size;
    return sum;
  }

  /** Every key exists. */
  async fill(): Promise<void> {
    for (let at = 0; at < this.#keys * TYPE_NAMES.length; at += 50) {
      const keys = Array.from({ length: 50 }, (_, offset) => this.#writeOne(at + offset));
      await Promise.all(keys);
    }
  }

  start(): void {
    this.#isRunning = true;
    this.#workers = Array.from({ length: WORKERS }, () => this.#work());
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await Promise.all(this.#workers);
  }

  close(): void {
    for (const client of this.#clients.values()) void client.then((one) => one.close());
  }

  /** Confirmed writes that are not there. */
  async lost(): Promise<string[]> {
    const lost: string[] = [];
    for (const [key, values] of this.#confirmed) {
      const [name, ...rest] = TYPES[key.split(':')[0] as TypeName].read;
      const reply = await this.send(key, [name, key, ...rest]);
      const found = new Set(reply.kind === 'bulk' ? reply.text.split(',') : textsOf(reply));
      for (const value of values) if (!found.has(value)) lost.push(`${key} ${value}`);
    }
    return lost;
  }

  /** The reply of whoever serves the key in the end. */
  async send(key: string, argv: readonly string[]): Promise<Reply> {
    const slot = slotOfKey(key);
    let asked: number | undefined;
    let last = '';
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const port = asked ?? this.#owners.get(slot) ?? this.#anyPort;
      const reply = await this.#attempt(port, argv, asked !== undefined);
      if (reply?.kind !== 'error') {
        if (reply !== undefined) return reply;
        last = 'the connection broke';
        this.#owners.delete(slot);
        await pause();
        continue;
      }
      last = reply.text;
      asked = undefined;
      const [word = '', , address = ''] = reply.text.split(' ');
      this.detours.set(word, (this.detours.get(word) ?? 0) + 1);
      const target = Number(address.slice(address.lastIndexOf(':') + 1));
      if (word === 'ASK') asked = target;
      else if (word === 'MOVED') this.#owners.set(slot, target);
      else if (word === 'TRYAGAIN' || word === 'CLUSTERDOWN') await pause();
      else throw new Error(`${argv.join(' ')}: ${reply.text}`);
    }
    throw new Error(`nobody serves ${argv.join(' ')}: ${last}`);
  }

  async #work(): Promise<void> {
    while (this.#isRunning) await this.#writeOne(this.#count++);
  }

  async #writeOne(number: number): Promise<void> {
    const type = TYPE_NAMES[number % TYPE_NAMES.length]!;
    const key = `${type}:${Math.floor(number / TYPE_NAMES.length) % this.#keys}`;
    const value = `v${number}-${this.#count}`;
    await this.send(key, TYPES[type].write(key, value));
    const values = this.#confirmed.get(key) ?? new Set();
    this.#confirmed.set(key, values.add(value));
  }

  async #attempt(
    port: number,
    argv: readonly string[],
    isAsking: boolean,
  ): Promise<Reply | undefined> {
    try {
      const client = await this.#client(port);
      const asking = isAsking ? client.call('ASKING') : undefined;
      const [reply] = await Promise.all([client.call(...argv), asking]);
      return reply;
    } catch {
      this.#clients.delete(port);
      return undefined;
    }
  }

  #client(port: number): Promise<RespClient> {
    let client = this.#clients.get(port);
    if (client === undefined) this.#clients.set(port, (client = RespClient.open(port)));
    return client;
  }
}

function textsOf(reply: Reply): string[] {
  if (reply.kind !== 'array' && reply.kind !== 'set') return [];
  return reply.items.map((item) => (item.kind === 'bulk' ? item.text : ''));
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
