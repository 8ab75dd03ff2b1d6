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

function writeNumber(number: number): string[] {
  const key = `key:${number % 97}`;
  switch (number % 9) {
    case 0:
      return ['SET', key, `value ${number} \r\n\xff`, 'EX', '1000'];
    case 1:
      return ['DEL', key];
    case 2:
      return ['SELECT', String(number % 3)];
    case 3:
      return ['INCR', `counter:${number % 5}`];
    case 4:
      return ['APPEND', key, 'x'.repeat(number % 50)];
    case 5:
      return ['EXPIRE', key, '500'];
    case 6:
      return ['MSET', key, 'a', `${key}:b`, 'b'];
    case 7:
      return ['PERSIST', key];
    default:
      return ['SET', key, String(number)];
  }
}
