/** Node processes for tests: started in a folder of their own, always stopped by their pid. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitUntil } from '../../../support/wait.js';

const ENTRY = fileURLToPath(new URL('entry.ts', import.meta.url));
const TSX = import.meta.resolve('tsx');

export interface NodeProcess {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Settles with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

const folders: string[] = [];
const running = new Set<ChildProcess>();
/** Daemons and whatever else is known by pid alone. */
const pids = new Set<number>();

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'trib-process-'));
  folders.push(folder);
  return folder;
}

export function willStop(pid: number): void {
  pids.add(pid);
}

export function spawnNode(args: readonly string[], cwd: string, stdin = ''): NodeProcess {
  const child = spawn(process.execPath, ['--import', TSX, ENTRY, ...args], { cwd });
  running.add(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve(code ?? signal ?? 'gone');
    });
  });
  return { child, output: () => output, ended };
}

export async function startNodeProcess(
  args: readonly string[],
  cwd: string,
  stdin = '',
): Promise<NodeProcess> {
  const node = spawnNode(args, cwd, stdin);
  await waitUntil(`trib node ${args.join(' ')} is ready: ${node.output()}`, () => {
    if (node.child.exitCode !== null) throw new Error(`it ended: ${node.output()}`);
    return node.output().includes('Ready to accept connections');
  });
  return node;
}

/** After each test. */
export async function stopAll(): Promise<void> {
  for (const child of running) {
    const gone = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await gone;
  }
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  pids.clear();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}
