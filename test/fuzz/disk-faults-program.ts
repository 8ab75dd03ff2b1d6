/**
 * Two nodes, a primary and its replica, on a disk that fails now and then: each call to the file system may end
 * with an error of the system. It prints one line for each thing that must not be: an error that nobody
 * caught, an end that fails or never comes. Arguments: the seed, and how many pairs of nodes.
 */
import fs from 'node:fs';
import fsPromises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { Prng } from '../../src/lib/kernel/prng.js';
import type { EmbeddedNode } from '../../src/lib/node/server/node.js';

type Call = (...args: unknown[]) => unknown;
type Calls = Record<string, Call>;
type Done = (error: Error | null) => void;

const SYNC =
  'openSync writeSync fsyncSync renameSync ftruncateSync rmSync closeSync mkdirSync readFileSync ' +
  'writeFileSync statSync fstatSync readSync truncateSync linkSync';
const HANDLE = 'appendFile sync datasync close read';
const CODES = ['EIO', 'ENOSPC', 'EACCES', 'EROFS'];
/** How often a call fails, in thousandths: a disk that hiccups, and one that is as good as gone. */
const RATES = [20, 100, 300, 700];
const COMMANDS_PER_PAIR = 60;
const END_MS_MAX = 10_000;

const [seed = 1, pairs = 10] = process.argv.slice(2).map(Number);
const prng = new Prng(seed, 1, 1);
const bare = { mkdtemp: fs.mkdtempSync, rm: fs.rmSync };
let rate = 0;

process.on('uncaughtException', (error) => report(`uncaught: ${error.stack ?? ''}`));
process.on('unhandledRejection', (reason) =>
  report(`unhandled: ${reason instanceof Error ? (reason.stack ?? '') : String(reason)}`),
);

function report(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fault(name: string): Error | undefined {
  if (prng.below(1000) >= rate) return undefined;
  const code = CODES[prng.below(CODES.length)]!;
  return Object.assign(new Error(`${code}: injected, ${name}`), { code });
}

function spoil(calls: Calls, name: string): void {
  const call = calls[name]!;
  calls[name] = function spoiled(this: unknown, ...args) {
    const error = fault(name);
    if (error !== undefined) throw error;
    return call.apply(this, args);
  };
}

function spoilDone(calls: Calls, name: string): void {
  const call = calls[name]!;
  calls[name] = (file, done) => {
    const error = fault(name);
    return call(file, error === undefined ? done : () => (done as Done)(error));
  };
}

function spoilHandle(handle: FileHandle): FileHandle {
  const calls = handle as unknown as Calls;
  for (const name of HANDLE.split(' ')) {
    const call = calls[name]!.bind(handle);
    calls[name] = async (...args) => {
      const error = fault(name);
      if (error !== undefined && name !== 'close') throw error;
      const result = await call(...args);
      if (error !== undefined) throw error;
      return result;
    };
  }
  return handle;
}

function spoilDisk(): void {
  const calls = fs as unknown as Calls;
  for (const name of SYNC.split(' ')) spoil(calls, name);
  for (const name of ['fsync', 'close']) spoilDone(calls, name);
  const promises = fsPromises as unknown as Calls;
  const { open, rm } = fsPromises;
  promises['open'] = async (...args) => {
    const error = fault('open');
    if (error !== undefined) throw error;
    return spoilHandle(await open(...(args as Parameters<typeof open>)));
  };
  promises['rm'] = async (...args) => {
    const error = fault('rm');
    if (error !== undefined) throw error;
    await rm(...(args as Parameters<typeof rm>));
  };
  syncBuiltinESMExports();
}

spoilDisk();
// Not before: their imports must be those of a disk that fails.
const { startNode } = await import('../../src/lib/node/server/node.js');
const { RespClient } = await import('../node/resp-client.js');

async function playPair(round: number): Promise<void> {
  const folders = [0, 1, 2].map(() => bare.mkdtemp(join(tmpdir(), 'trib-faults-')));
  const config = {
    'enable-debug-command': 'yes',
    appendonly: round % 2 === 0 ? 'no' : 'yes',
    appendfsync: ['always', 'everysec', 'no'][round % 3]!,
    save: '3600 1',
    'repl-diskless-sync': round % 3 === 0 ? 'yes' : 'no',
    'repl-diskless-load': ['disabled', 'swapdb', 'on-empty-db'][round % 3]!,
  };
  const isCluster = round % 4 === 3;
  const nodes = [
    await startNode({ port: 0, dir: folders[0]!, config, cluster: isCluster }),
    await startNode({ port: 0, dir: folders[1]!, config }),
  ];
  const clients = await Promise.all(nodes.map(({ port }) => RespClient.open(port)));
  for (let at = 0; at < 300; at++) await clients[0]!.call('SET', `key:${at}`, 'x'.repeat(200));
  const commands = [
    ...['SAVE', 'BGSAVE', 'BGREWRITEAOF', 'FLUSHALL', 'DEBUG RELOAD', 'DEBUG LOADAOF', 'MULTI'],
    ...['CONFIG SET appendonly yes', 'CONFIG SET appendonly no', 'SET a 1', 'RPUSH l x', 'EXEC'],
    ...[`CONFIG SET dir ${folders[2]!}`, `REPLICAOF 127.0.0.1 ${nodes[0]!.port}`, 'INFO'],
    ...['REPLICAOF NO ONE', 'CLUSTER SAVECONFIG', 'CLUSTER BUMPEPOCH', 'CONFIG REWRITE'],
    ...['CONFIG SET appendfsync always', 'CONFIG SET appendfsync everysec', 'SHUTDOWN SAVE'],
  ];
  rate = RATES[round % RATES.length]!;
  for (let count = 0; count < COMMANDS_PER_PAIR; count++) {
    const words = commands[prng.below(commands.length)]!.split(' ');
    const answered = clients[prng.below(2)]!.call(...words).catch(() => undefined);
    await Promise.race([answered, rest(50)]);
  }
  // What runs by itself gets a while to fail.
  await rest(50);
  await Promise.all(nodes.map((node) => endNode(node)));
  rate = 0;
  for (const client of clients) client.close();
  for (const folder of folders) bare.rm(folder, { recursive: true, force: true });
}

async function endNode(node: EmbeddedNode): Promise<void> {
  const ended = (prng.below(2) === 0 ? node.stop() : node.kill()).then(
    () => undefined,
    (error: unknown) => `its end fails: ${String(error)}`,
  );
  const wrong = await Promise.race([ended, rest(END_MS_MAX, 'it does not end', { ref: false })]);
  if (wrong !== undefined) report(wrong);
}

for (let round = 0; round < pairs; round++) await playPair(round);
process.exit(0);
