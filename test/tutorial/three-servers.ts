/**
 * The three servers of the cluster tutorial, two instances on each, started with the files it tells
 * people to write. A server is a loopback address with a bind line of its own, or a network namespace,
 * where the files stay as they are and every server has all ports to itself.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROGRAM } from '../cli/run-trib.js';
import { makeNetwork } from '../support/netns.js';
import { freePort } from '../support/free-port.js';
import { redisCommand } from '../support/redis-command.js';
import { waitUntil } from '../support/wait.js';

/** The table of the tutorial: which instance on which server, at which port. */
const TABLE = {
  a_master: { server: 0, port: 6379 },
  c_slave: { server: 0, port: 6381 },
  b_master: { server: 1, port: 6380 },
  a_slave: { server: 1, port: 6379 },
  c_master: { server: 2, port: 6381 },
  b_slave: { server: 2, port: 6380 },
} as const;

export type InstanceName = keyof typeof TABLE;

export interface Instance {
  readonly name: InstanceName;
  readonly host: string;
  readonly port: number;
  /** As the tutorial's commands name it. */
  readonly address: string;
}

export interface ThreeServers {
  readonly instances: Readonly<Record<InstanceName, Instance>>;
  /** The words that run trib on server 1. */
  readonly trib: readonly [string, ...string[]];
  /** One command to one instance, from its own server; the reply as text. */
  readonly ask: (instance: Instance, ...words: string[]) => Promise<string>;
  /** The words that run redis-cli against an instance, from its own server. */
  readonly redisCli: (instance: Instance) => readonly string[];
  /** A server fails, with both its instances. */
  readonly stopServer: (number: 1 | 2 | 3) => Promise<void>;
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

interface Site {
  readonly host: string;
  /** What stands in place of `# bind 127.0.0.1`; the source address is what the others see. */
  readonly bind: string;
  readonly prefix: readonly string[];
}

export async function startThreeServers(
  kind: 'embedded' | 'redis-server',
  place: 'loopback' | 'namespaces',
): Promise<ThreeServers> {
  const network = place === 'namespaces' ? makeNetwork(3) : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'trib-tutorial-'));
  const children: ChildProcess[] = [];
  const byServer: ChildProcess[][] = [[], [], []];
  let output = '';
  const stop = async (): Promise<void> => {
    process.removeListener('exit', killAll);
    await Promise.all(children.map(ended));
    network?.remove();
    rmSync(folder, { recursive: true, force: true });
  };
  const killAll = (): void => children.forEach((child) => void child.kill('SIGKILL'));
  process.once('exit', killAll);
  const sites: readonly Site[] = network
    ? network.hosts.map(({ address, prefix }) => ({
        host: address,
        bind: '# bind 127.0.0.1',
        prefix,
      }))
    : ['127.0.0.1', '127.0.0.2', '127.0.0.3'].map((host) => ({
        host,
        bind: `bind ${host}\nbind-source-addr ${host}`,
        prefix: [],
      }));
  const start = async (name: InstanceName): Promise<[InstanceName, Instance]> => {
    const { server, port: wanted } = TABLE[name];
    const site = sites[server]!;
    const port = network || (await isFree(site.host, wanted)) ? wanted : await freePort(site.host);
    const home = join(folder, `server${server + 1}`);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, `${name}.conf`), configFile(port, site.bind));
    // The pid file of the tutorial might be that of a server in use on this machine.
    const args = [`${name}.conf`, '--pidfile', join(home, `${name}.pid`)];
    // Each of the slaves would wait five seconds for others that want a snapshot.
    args.push('--repl-diskless-sync-delay', '0');
    const program = kind === 'embedded' ? [process.execPath, PROGRAM, 'node'] : ['redis-server'];
    const [command, ...words] = [...site.prefix, ...program, ...args];
    const child = spawn(command!, words, { cwd: home, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    byServer[server]!.push(child);
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const instance = { name, host: site.host, port, address: `${site.host}:${port}` };
    await waitUntil(`${name} answers`, async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${output}`);
      return (await ask(instance, 'PING')) === 'PONG';
    });
    return [name, instance];
  };
  const ask = async ({ name, host, port }: Instance, ...words: string[]): Promise<string> => {
    if (!network) return redisCommand({ host, port }, ...words);
    const [command, ...rest] = [
      ...sites[TABLE[name].server]!.prefix,
      ...['redis-cli', '-h', host, '-p', String(port), ...words],
    ];
    const quiet = { stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'] };
    return execFileSync(command!, rest, { encoding: 'utf8', timeout: 10_000, ...quiet }).trimEnd();
  };
  try {
    const started = await Promise.all((Object.keys(TABLE) as InstanceName[]).map(start));
    const instances = Object.fromEntries(started) as Record<InstanceName, Instance>;
    const [first, ...rest] = [...sites[0]!.prefix, process.execPath, PROGRAM];
    return {
      instances,
      trib: [first, ...rest],
      ask,
      redisCli: ({ name, host, port }) => {
        const prefix = sites[TABLE[name].server]!.prefix;
        return [...prefix, 'redis-cli', '-c', '-h', host, '-p', String(port)];
      },
      stopServer: async (number) => {
        await Promise.all(byServer[number - 1]!.map(ended));
      },
      output: () => output,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configFile(port: number, bind: string): string {
  return `${bind}
protected-mode no
port ${port}
pidfile /var/run/redis_${port}.pid
cluster-enabled yes
cluster-config-file nodes-${port}.conf
cluster-node-timeout 15000
`;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** With its bus port; on the other loopback addresses of this machine as well. */
async function isFree(host: string, port: number): Promise<boolean> {
  const free = await Promise.all([port, port + 10_000].map((each) => canListen(host, each)));
  return free.every(Boolean);
}

export function canListen(host: string, port = 0): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}
