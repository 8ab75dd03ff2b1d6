/** What tests of persistence share: a server of either make over a folder that outlives it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { RespClient, show } from '../node/resp-client.js';
import { startRealServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';

export type Make = 'real' | 'embedded';
export type Config = Readonly<Record<string, string>>;

export interface Server {
  readonly make: Make;
  readonly port: number;
  readonly client: RespClient;
  readonly node: EmbeddedNode | undefined;
  /** Its log so far. */
  log(): string;
  /** The reply as text. */
  ask(...argv: string[]): Promise<string>;
  /** A field of INFO persistence. */
  info(name: string): Promise<string>;
  /** A fingerprint of all data. */
  digest(): Promise<string>;
  /** In good order, SHUTDOWN's way. */
  end(...options: string[]): Promise<void>;
  /** At once. */
  kill(): Promise<void>;
}

/** Folders and servers of one test. */
export class Disk {
  readonly dir = mkdtempSync(join(tmpdir(), 'trib-persist-'));
  readonly #running = new Set<Server>();

  path(...names: string[]): string {
    return join(this.dir, ...names);
  }

  async start(make: Make, config: Config = {}, dir = this.dir): Promise<Server> {
    const started = make === 'real' ? await startReal(dir, config) : await startOurs(dir, config);
    const server: Server = {
      ...started,
      end: async (...options) => {
        await started.end(...options);
        this.#running.delete(server);
      },
      kill: async () => {
        this.#running.delete(server);
        await started.kill();
      },
    };
    this.#running.add(server);
    return server;
  }

  async clear(): Promise<void> {
    for (const server of [...this.#running]) await server.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

async function startReal(dir: string, config: Config): Promise<Server> {
  const real = await startRealServer({ cluster: false, dir, config: { save: '', ...config } });
  const client = await RespClient.open(real.port);
  const gone = new Promise((resolve) => real.process.once('exit', resolve));
  // It listens before it has loaded.
  await waitUntil('it has loaded', async () => show(await client.call('PING')) === '+PONG');
  return {
    make: 'real',
    port: real.port,
    client,
    node: undefined,
    log: () => real.output(),
    ...questions(client),
    end: async (...options) => {
      void client.call('SHUTDOWN', ...options).catch(() => undefined);
      await gone;
      client.close();
      await real.stop();
    },
    kill: async () => {
      client.close();
      await real.stop();
    },
  };
}

async function startOurs(dir: string, config: Config): Promise<Server> {
  const lines: string[] = [];
  const node = await startNode({
    port: 0,
    dir,
    config: { 'enable-debug-command': 'local', 'enable-protected-configs': 'local', ...config },
    log: (level, text) => lines.push(`${level}: ${text}`),
  });
  const client = await RespClient.open(node.port);
  return {
    make: 'embedded',
    port: node.port,
    client,
    node,
    log: () => lines.join('\n'),
    ...questions(client),
    end: async (...options) => {
      void client.call('SHUTDOWN', ...options).catch(() => undefined);
      await node.ended;
      client.close();
    },
    kill: async () => {
      client.close();
      await node.kill();
    },
  };
}

function questions(client: RespClient): Pick<Server, 'ask' | 'info' | 'digest'> {
  const ask = async (...argv: string[]): Promise<string> => show(await client.call(...argv));
  return {
    ask,
    info: async (name) => {
      const reply = await client.call('INFO', 'persistence');
      const text = reply.kind === 'bulk' || reply.kind === 'verbatim' ? reply.text : '';
      return new RegExp(`^${name}:(.*)\\r$`, 'm').exec(text)?.[1] ?? `no ${name}`;
    },
    digest: () => ask('DEBUG', 'DIGEST'),
  };
}

/** Keys of every type and of every shape that strings have, in two databases, some of them with an expiry. */
export async function fill(server: Server, count = 300): Promise<void> {
  const commands: string[][] = [];
  for (let at = 0; at < count; at++) {
    const value = VALUES[at % VALUES.length]!;
    commands.push(['SET', `key:${at}`, `${value}${at % 7 === 0 ? '' : at}`]);
    if (at % 5 === 0) commands.push(['PEXPIREAT', `key:${at}`, '4000000000000']);
  }
  const items = Array.from({ length: count }, (_, at) => VALUES[at % VALUES.length]! + String(at));
  for (const some of [items.slice(0, 3), items.slice(0, 130)]) {
    const name = some.length;
    commands.push(['RPUSH', `list:${name}`, ...some], ['SADD', `set:${name}`, ...some]);
    commands.push(['SADD', `integers:${name}`, ...some.map((_, at) => String(at * 1000))]);
    commands.push(['HSET', `hash:${name}`, ...some.flatMap((item, at) => [item, String(at)])]);
    const scores = some.flatMap((item, at) => [String(at * 1.1), item]);
    commands.push(['ZADD', `zset:${name}`, '-inf', 'low', 'inf', 'high', '-0', 'zero', ...scores]);
    commands.push(['PEXPIREAT', `hash:${name}`, '4000000000000']);
  }
  commands.push(['SELECT', '3'], ['SET', 'other', 'db'], ['SELECT', '0']);
  const replies = await Promise.all(commands.map((argv) => server.client.call(...argv)));
  for (const reply of replies) expect(show(reply)).not.to.match(/^-/);
}

const VALUES = [
  '',
  '12',
  '-1000',
  '70000',
  '2147483648',
  '007',
  'text',
  'a'.repeat(70),
  'abcabcabc'.repeat(300),
  '\x00\xff\r\n',
  'x'.repeat(70_000),
];

/** Runs one of the checkers that come with redis-server; throws what it says when it is not content. */
export function check(tool: 'redis-check-rdb' | 'redis-check-aof', path: string): string {
  return execFileSync(tool, [path], { encoding: 'latin1', stdio: ['ignore', 'pipe', 'pipe'] });
}
