/** One machine of the replication tutorial, with all its ports to itself: a server with a file, and a shell. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM } from '../cli/run-trib.js';
import type { Host } from '../support/netns.js';
import { waitUntil } from '../support/wait.js';
import { type RedisCli, withRedisCli } from './redis-cli.js';

export type Kind = 'embedded' | 'redis-server';

export class Droplet {
  readonly address: string;
  readonly dir: string;
  readonly #host: Host;
  readonly #kind: Kind;
  #server: ChildProcess | undefined;
  #output = '';

  constructor(host: Host, kind: Kind, folder: string) {
    this.#host = host;
    this.#kind = kind;
    this.address = host.address;
    this.dir = join(folder, host.namespace);
    mkdirSync(this.dir);
  }

  /** `systemctl restart redis`, after the file has been edited. @param lines of redis.conf; none: no file. */
  async restart(lines: readonly string[] | undefined): Promise<void> {
    await this.stop('SIGTERM');
    writeFileSync(join(this.dir, 'redis.conf'), `${(lines ?? []).join('\n')}\n`);
    const program =
      this.#kind === 'embedded' ? [process.execPath, PROGRAM, 'node'] : ['redis-server'];
    // A replica would wait five seconds for others that want a snapshot too.
    const args = [...(lines ? ['redis.conf'] : []), '--repl-diskless-sync-delay', '0'];
    const [command, ...words] = [...this.#host.prefix, ...program, ...args];
    const server = spawn(command, words, { cwd: this.dir, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#server = server;
    for (const stream of [server.stdout, server.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    }
    await waitUntil(`${this.address} answers`, async () => {
      if (server.exitCode !== null) throw new Error(`it ended: ${this.#output}`);
      return /PONG|NOAUTH/.test(await this.shell('redis-cli', 'ping'));
    });
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const gone = new Promise((resolve) => server.once('exit', resolve));
    // `ip netns exec` becomes the program it runs, so this is its own process.
    server.kill(signal);
    await gone;
  }

  /** One command line on this machine. @returns what it prints; a failure is thrown with it. */
  shell(command: string, ...args: readonly string[]): Promise<string> {
    const [first, ...words] = [...this.#host.prefix, command, ...args];
    return new Promise((resolve, reject) => {
      execFile(first, words, { timeout: 60_000, cwd: this.dir }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${command}: ${stdout}${stderr}`, { cause: error }));
      });
    });
  }

  /** At the prompt of `redis-cli -h 127.0.0.1 -p 6379`. */
  session<T>(use: (cli: RedisCli) => Promise<T>): Promise<T> {
    const words = [...this.#host.prefix, 'redis-cli', '-h', '127.0.0.1', '-p', '6379'];
    return withRedisCli(words, use);
  }
}
