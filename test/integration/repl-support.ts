/** What tests of replication share: two servers of any make, a writer, and comparisons. */
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { RespClient, show } from '../node/resp-client.js';
import { startRealServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';

export type Make = 'real' | 'embedded';

/** One server of a test, real or embedded, and a client of it. */
export interface Server {
  readonly make: Make;
  readonly port: number;
  readonly node: EmbeddedNode | undefined;
  readonly client: RespClient;
  /** What an embedded server has logged, `level: text`. */
  readonly log: readonly string[];
  /** SIGSTOP and the like; real servers only. */
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** Servers of one test, stopped together. */
export class Servers {
  readonly #all: Server[] = [];

  async start(make: Make, config: Readonly<Record<string, string>> = {}): Promise<Server> {
    const server = make === 'real' ? await startReal(config) : await startEmbedded(config);
    this.#all.push(server);
    return server;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.splice(0).map((server) => server.stop()));
  }
}

async function startReal(config: Readonly<Record<string, string>>): Promise<Server> {
  const real = await startRealServer({ cluster: false, config });
  const client = await RespClient.open(real.port);
  return {
    make: 'real',
    port: real.port,
    node: undefined,
    client,
    log: [],
    signal: (name) => real.signal(name),
    stop: async () => {
      client.close();
      await real.stop();
    },
  };
}

async function startEmbedded(config: Readonly<Record<string, string>>): Promise<Server> {
  const lines: string[] = [];
  const node = await startNode({
    port: 0,
    config: { 'enable-debug-command': 'local', ...config },
    log: (level, text) => lines.push(`${level}: ${text}`),
  });
  const client = await RespClient.open(node.port);
  return {
    make: 'embedded',
    port: node.port,
    node,
    client,
    log: lines,
    signal: () => {
      throw new Error('an embedded node is no process of its own');
    },
    stop: async () => {
      client.close();
      await node.stop();
    },
  };
}

export async function text(server: Server, ...argv: string[]): Promise<string> {
  const reply = await server.client.call(...argv);
  return reply.kind === 'bulk' || reply.kind === 'status' ? reply.text : show(reply);
}

/** INFO replication as a map. */
export async function info(server: Server, section = 'replication'): Promise<Map<string, string>> {
  const lines = (await text(server, 'INFO', section)).split('\r\n');
  return new Map(
    lines.flatMap((line) => {
      const colon = line.indexOf(':');
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
    }),
  );
}

export async function field(server: Server, name: string): Promise<string> {
  const value = (await info(server)).get(name);
  if (value === undefined) throw new Error(`INFO replication has no ${name}`);
  return value;
}

export async function follow(replica: Server, primary: Server): Promise<void> {
  await replica.client.call('REPLICAOF', '127.0.0.1', String(primary.port));
}

export async function linked(replica: Server): Promise<void> {
  await waitUntil(`the ${replica.make} replica is in sync`, async () => {
    return (await field(replica, 'master_link_status')) === 'up';
  });
}

/** Until the replica has applied all that the primary said, and both hold the same data. */
export async function equal(primary: Server, ...replicas: readonly Server[]): Promise<void> {
  for (const replica of replicas) {
    await waitUntil(
      `the ${replica.make} replica is as far as its ${primary.make} primary`,
      async () => {
        const wanted = await field(primary, 'master_repl_offset');
        return (
          (await field(replica, 'master_repl_offset')) === wanted &&
          (await text(replica, 'DEBUG', 'DIGEST')) === (await text(primary, 'DEBUG', 'DIGEST'))
        );
      },
    );
  }
}

/** Writes of all kinds, as fast as they are taken, until told to stop; resolves with how many there were. */
export function writeLoad(server: Server, seed: number): { stop(): Promise<number> } {
  let isRunning = true;
  let count = 0;
  const run = async (): Promise<number> => {
    const client = await RespClient.open(server.port);
    while (isRunning) {
      const burst = Array.from({ length: 20 }, () => client.call(...writeNumber(seed + count++)));
      await Promise.all(burst);
    }
    client.close();
    return count;
  };
  const done = run();
  return {
    stop: () => {
      isRunning = false;
      return done;
    },
  };
}

const word = (number: number): string => `m${number % 40}`;
const score = (number: number): string => String((number * 7919) % 1000);

/** One command of each kind that changes data, told by a number; names of keys say their type. */
const WRITES: readonly ((number: number, key: string) => string[])[] = [
  (n, k) => ['SET', `string:${k}`, `value ${n} \r\n\xff`, 'EX', '1000'],
  (n, k) => ['SET', `string:${k}`, String(n), 'PX', String(1 + (n % 30))],
  (_, k) => ['DEL', `string:${k}`, `list:${k}`],
  (n) => ['SELECT', String(n % 3)],
  (n) => ['INCR', `counter:${n % 5}`],
  (n) => ['INCRBYFLOAT', `float:${n % 5}`, '0.1'],
  (n, k) => ['APPEND', `string:${k}`, 'x'.repeat(n % 50)],
  (_, k) => ['EXPIRE', `string:${k}`, '500'],
  (_, k) => ['GETEX', `string:${k}`, 'PX', '20'],
  (_, k) => ['MSET', `string:${k}`, 'a', `string:${k}:b`, 'b'],
  (_, k) => ['PERSIST', `string:${k}`],
  (n, k) => ['SETRANGE', `string:${k}`, String(n % 60), 'range'],
  (n, k) => ['SETBIT', `bits:${k}`, String(n % 500), String(n % 2)],
  (_, k) => ['BITOP', 'XOR', `bits:${k}`, `bits:${k}`, 'bits:1'],
  (n, k) => ['RPUSH', `list:${k}`, word(n), String(n)],
  (n, k) => ['LPUSH', `list:${k}`, 'long '.repeat(n % 30), word(n)],
  (_, k) => ['LPOP', `list:${k}`, '2'],
  (_, k) => ['RPOPLPUSH', `list:${k}`, 'list:1'],
  (_, k) => ['LTRIM', `list:${k}`, '0', '40'],
  (_, k) => ['BLMPOP', '0.01', '2', 'list:nope', `list:${k}`, 'LEFT', 'COUNT', '2'],
  (n, k) => ['LINSERT', `list:${k}`, 'BEFORE', word(n), 'inserted'],
  (n, k) => ['LREM', `list:${k}`, '0', word(n)],
  (n, k) => ['SADD', `set:${k}`, word(n), word(n * 3), String(n % 100)],
  (n, k) => ['SREM', `set:${k}`, word(n)],
  (n, k) => ['SPOP', `set:${k}`, String(1 + (n % 4))],
  (_, k) => ['SPOP', `set:${k}`],
  (n, k) => ['SMOVE', `set:${k}`, 'set:1', word(n)],
  (_, k) => ['SUNIONSTORE', 'set:1', `set:${k}`, 'set:2'],
  (_, k) => ['SDIFFSTORE', 'set:2', 'set:1', `set:${k}`],
  (n, k) => ['HSET', `hash:${k}`, word(n), String(n), word(n * 7), 'v'.repeat(n % 90)],
  (n, k) => ['HDEL', `hash:${k}`, word(n)],
  (n, k) => ['HINCRBYFLOAT', `hash:${k}`, `f${n % 3}`, '1.25'],
  (n, k) => ['HINCRBY', `hash:${k}`, `i${n % 3}`, '7'],
  (n, k) => ['ZADD', `zset:${k}`, score(n), word(n), score(n * 3), word(n * 5)],
  (n, k) => ['ZINCRBY', `zset:${k}`, '3', word(n)],
  (_, k) => ['ZPOPMIN', `zset:${k}`, '2'],
  (_, k) => ['BZMPOP', '0.01', '1', `zset:${k}`, 'MAX'],
  (n, k) => ['ZREM', `zset:${k}`, word(n)],
  (_, k) => ['ZREMRANGEBYSCORE', `zset:${k}`, '100', '200'],
  (_, k) => ['ZUNIONSTORE', 'zset:1', '2', `zset:${k}`, 'zset:2'],
  (_, k) => ['ZRANGESTORE', 'zset:2', `zset:${k}`, '0', '5'],
  (_, k) => ['SORT', `list:${k}`, 'ALPHA', 'STORE', 'list:sorted'],
  (_, k) => ['RENAME', `hash:${k}`, 'hash:1'],
  (_, k) => ['COPY', `zset:${k}`, 'zset:3', 'REPLACE'],
  (_, k) => ['MOVE', `set:${k}`, '1'],
  (_, k) => ['UNLINK', `zset:${k}`, `hash:${k}`],
  (n, k) => ['PEXPIRE', `${['hash', 'zset', 'set', 'list'][n % 4]!}:${k}`, '25'],
  () => ['MULTI'],
  () => ['EXEC'],
];

function writeNumber(number: number): string[] {
  // Scattered, and the same for the same number.
  const scattered = (number * 2_654_435_761) % 4_294_967_296;
  return WRITES[scattered % WRITES.length]!(number, String((scattered >>> 8) % 23));
}
