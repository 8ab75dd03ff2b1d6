/**
 * Real redis-server processes on loopback, in folders of their own, always stopped by pid. Without the
 * binary the integration tests are skipped, except in CI where its absence is a failure.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { waitUntil } from './wait.js';

export function hasRedisServer(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    if (process.env['CI'] === 'true') throw new Error('CI needs redis-server on the PATH');
    return false;
  }
}

export interface RealServer {
  readonly host: string;
  readonly port: number;
  readonly dir: string;
  readonly process: ChildProcess;
  /** Its log so far. */
  output(): string;
  /** SIGSTOP, SIGCONT, SIGKILL... */
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export interface RealServerOptions {
  readonly port?: number;
  readonly host?: string;
  readonly cluster?: boolean;
  readonly nodeTimeoutMs?: number;
  readonly dir?: string;
  /** Further directives, `--name value` pairs without the dashes. */
  readonly config?: Readonly<Record<string, string>>;
}

const running = new Set<RealServer>();
process.once('exit', () => {
  for (const server of running) server.process.kill('SIGKILL');
});

export async function startRealServer(options: RealServerOptions = {}): Promise<RealServer> {
  const host = options.host ?? '127.0.0.1';
  if (options.port !== undefined) return startOn(host, options.port, options);
  for (;;) {
    try {
      return await startOn(host, await freePort(host), options);
    } catch (error) {
      // Somebody else was quicker between the look and the listen.
      if (!/Address already in use/.test(String(error))) throw error;
    }
  }
}

async function startOn(
  host: string,
  port: number,
  options: RealServerOptions,
): Promise<RealServer> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'trib-real-'));
  const config: Record<string, string> = {
    port: String(port),
    bind: host,
    dir,
    save: '',
    appendonly: 'no',
    'repl-diskless-sync-delay': '0',
    'enable-debug-command': 'local',
    ...(options.cluster === false
      ? {}
      : {
          'cluster-enabled': 'yes',
          'cluster-config-file': 'nodes.conf',
          'cluster-node-timeout': String(options.nodeTimeoutMs ?? 2000),
        }),
    ...options.config,
  };
  const args = Object.entries(config).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const server: RealServer = {
    host,
    port,
    dir,
    process: child,
    output: () => output,
    signal: (name) => void child.kill(name),
    stop: async () => {
      running.delete(server);
      if (child.exitCode === null && child.signalCode === null) {
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGCONT');
        child.kill('SIGKILL');
        await gone;
      }
      if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
    },
  };
  running.add(server);
  const listensOn = Number(config['port']) === 0 ? Number(config['tls-port']) : port;
  await waitUntil(`redis-server listens on ${host}:${listensOn}`, async () => {
    if (child.exitCode !== null) return true;
    // Its own word first: on a port that was taken, it is somebody else who takes the connection.
    return output.includes('Server initialized') && (await canConnect(listensOn, host));
  });
  if (child.exitCode !== null) {
    await server.stop();
    throw new Error(`redis-server exited: ${output}`);
  }
  return server;
}

function canConnect(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** redis-cli's answer as text, for differential tests. */
export function redisCli(port: number, ...args: string[]): string {
  return execFileSync('redis-cli', ['-p', String(port), ...args], {
    encoding: 'utf8',
    timeout: 20_000,
  }).trimEnd();
}
