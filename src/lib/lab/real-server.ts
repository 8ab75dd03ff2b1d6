/**
 * A real redis-server or valkey-server on this machine: started with a handful of directives, ready once
 * its port answers, ended by its process id. What it said is shown when it does not come up.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { TribError, messageOf } from '../kernel/errors.js';
import type { LabServer } from './server.js';

export interface RealServerOptions {
  readonly binary: string;
  readonly host: string;
  readonly port: number;
  readonly dir: string;
  readonly nodeTimeoutMs: number;
}

/** A server on an idle machine listens after 10 ms; on a loaded one we have seen three seconds. */
const START_DEADLINE_MS = 20_000;
/** Without data to save a server ends at once; then it is taken out. */
const STOP_DEADLINE_MS = 5_000;
const POLL_MS = 10;
/** Its log is kept to be shown, not to fill memory. */
const LOG_CHARACTERS_MAX = 4_000;

export async function startRealServer(options: RealServerOptions): Promise<LabServer> {
  const { binary, host, port } = options;
  const child = spawn(binary, directives(options), { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let failure: unknown;
  child.once('error', (error) => (failure = error));
  let log = '';
  const keep = (chunk: Buffer): void => {
    log = (log + chunk.toString()).slice(-LOG_CHARACTERS_MAX);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const isGone = (): boolean => failure !== undefined || child.exitCode !== null;
  const giveUpAt = Date.now() + START_DEADLINE_MS;
  while (!(await answers(host, port))) {
    if (!isGone() && Date.now() < giveUpAt) {
      await delay(POLL_MS);
      continue;
    }
    child.kill('SIGKILL');
    if (failure !== undefined) throw cannotRun(binary, failure);
    throw new TribError('LAB', `${binary} did not come up on ${host}:${port}.`, {
      hint: log.trim().split('\n').slice(-3),
    });
  }
  return {
    address: { host, port },
    pid: child.pid ?? 0,
    stop: () => end(child, ended),
  };
}

function cannotRun(binary: string, cause: unknown): TribError {
  const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  return new TribError(
    'LAB',
    isMissing ? `There is no program ${binary}.` : `Cannot run ${binary}: ${messageOf(cause)}`,
    { hint: 'Name one on the PATH or by its path; "embedded" needs none.', cause },
  );
}

function directives({ host, port, dir, nodeTimeoutMs }: RealServerOptions): string[] {
  const values: Record<string, string> = {
    port: String(port),
    bind: host,
    dir,
    save: '',
    appendonly: 'no',
    'cluster-enabled': 'yes',
    'cluster-config-file': 'nodes.conf',
    'cluster-node-timeout': String(nodeTimeoutMs),
    // A replica of an empty lab need not wait five seconds for others to share its transfer.
    'repl-diskless-sync-delay': '0',
  };
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await ended;
  clearTimeout(timer);
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
