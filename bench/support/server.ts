/** One server for a measurement: a redis-server, or the built node in a process of its own, alike in the rest. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePorts } from '../../src/lib/lab/ports.js';
import { RawClient } from './raw-client.js';
import { TRIB } from './trib.js';

export type Kind = 'trib' | 'redis-server';
export const KINDS: readonly Kind[] = ['trib', 'redis-server'];

export interface ProbeAnswer {
  readonly rssBytes: number;
  readonly longestDelayMs: number;
  readonly delay99Ms: number;
  /** What its thread itself ran between two looks a millisecond apart, at most; absent where the system does not say. */
  readonly longestRunMs?: number;
}

const HOST = '127.0.0.1';
const START_DEADLINE_MS = 60_000;
const PROBE = new URL('../children/probe.mjs', import.meta.url).href;

export interface ServerOptions {
  readonly directives?: readonly string[];
  /** Use these again, so that what is on disk is found. */
  readonly folder?: string;
}

export class Server {
  readonly kind: Kind;
  readonly port: number;
  readonly folder: string;
  readonly #child: ChildProcess;

  private constructor(kind: Kind, port: number, folder: string, child: ChildProcess) {
    this.kind = kind;
    this.port = port;
    this.folder = folder;
    this.#child = child;
  }

  static async start(kind: Kind, options: ServerOptions = {}): Promise<Server> {
    const [port] = await findFreePorts(HOST, 1);
    const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'trib-bench-'));
    const words = ['--port', String(port), '--bind', HOST, '--dir', folder, '--save', ''];
    const all = [...words, ...(options.directives ?? [])];
    const child =
      kind === 'trib'
        ? spawn(process.execPath, ['--expose-gc', '--import', PROBE, TRIB, 'node', ...all], {
            stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
          })
        : spawn('redis-server', all, { stdio: ['ignore', 'ignore', 'inherit'] });
    const server = new Server(kind, port!, folder, child);
    await server.#ready();
    return server;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async connect(): Promise<RawClient> {
    return RawClient.open(HOST, this.port);
  }

  /** One command; its reply as it comes. */
  async call(...argv: string[]): Promise<string> {
    const client = await this.connect();
    try {
      return await client.call(...argv);
    } finally {
      client.close();
    }
  }

  /** Only of a node of ours. */
  async ask(question: 'collect' | 'reset' | 'look'): Promise<ProbeAnswer> {
    const answered = once(this.#child, 'message');
    this.#child.send(question);
    const [answer] = (await answered) as [ProbeAnswer];
    return answer;
  }

  /** What it takes of the machine's memory, garbage not counted. */
  async rssBytes(): Promise<number> {
    if (this.kind === 'trib') {
      await this.ask('collect');
      return (await this.ask('collect')).rssBytes;
    }
    // It looks ten times a second.
    await delay(300);
    return Number(/used_memory_rss:(\d+)/.exec(await this.call('INFO', 'memory'))?.[1]);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async stop(keepsFolder = false): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await ended;
    }
    if (!keepsFolder) rmSync(this.folder, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    const giveUpAt = Date.now() + START_DEADLINE_MS;
    for (;;) {
      try {
        if (/^\+PONG|^-LOADING/.test(await this.call('PING'))) return;
      } catch {
        // Not listening yet.
      }
      if (Date.now() > giveUpAt || this.#child.exitCode !== null) {
        throw new Error(`${this.kind} does not start`);
      }
      await delay(20);
    }
  }
}

export async function withServer<T>(
  kind: Kind,
  options: ServerOptions,
  use: (server: Server) => Promise<T>,
): Promise<T> {
  const server = await Server.start(kind, options);
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}
