/**
 * A lab in the background is this same program, started once more without a terminal. It writes to a
 * log file, reports over a channel when it is up, and from then on only its state file tells of it.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder } from '../execute/make-folder.js';
import { TribError, messageOf } from '../kernel/errors.js';

/** Said by the background process once its cluster stands. */
const READY = 'lab-is-up';

/** Thirty real servers with the default node timeout need about ten seconds on two busy cores. */
const UP_DEADLINE_MS = 120_000;
const DOWN_DEADLINE_MS = 15_000;
const POLL_MS = 25;

export interface BackgroundStart {
  /** The entry script and its words, as `process.argv` has them after the program. */
  readonly script: string;
  readonly words: readonly string[];
  readonly folder: string;
}

/** Answers what the lab said while it came up. @throws TribError LAB with the last of it otherwise. */
export async function startInBackground(start: BackgroundStart): Promise<string> {
  const logPath = join(start.folder, 'lab.log');
  const log = openLog(start.folder, logPath);
  const child = spawn(process.execPath, [...process.execArgv, start.script, ...start.words], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    windowsHide: true,
  });
  closeSync(log);
  // Until it is up it is ours to end: Ctrl-C here reaches only this process.
  const giveUp = (): void => void child.kill('SIGTERM');
  process.on('SIGINT', giveUp).on('SIGTERM', giveUp);
  const isUp = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), UP_DEADLINE_MS);
    const settle = (answer: boolean): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    child.once('message', (message) => settle(message === READY));
    child.once('error', () => settle(false));
    child.once('exit', () => settle(false));
  });
  process.off('SIGINT', giveUp).off('SIGTERM', giveUp);
  const said = readFileSync(logPath, 'utf8');
  if (!isUp) {
    child.kill('SIGKILL');
    rmSync(start.folder, { recursive: true, force: true });
    throw new TribError('LAB', 'The lab did not come up.', {
      hint: said.trim().split('\n').slice(-8),
    });
  }
  child.disconnect();
  child.unref();
  return said;
}

/** To be called in the background process; does nothing in the foreground. */
export function announceReady(): void {
  if (process.send === undefined) return;
  process.send(READY);
}

/** Ends a process politely, then firmly. Answers false when it is still there. */
export async function endProcess(pid: number): Promise<boolean> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isAlive(pid)) return true;
    process.kill(pid, signal);
    const giveUpAt = Date.now() + DOWN_DEADLINE_MS;
    while (isAlive(pid) && Date.now() < giveUpAt) await delay(POLL_MS);
  }
  return !isAlive(pid);
}

export function isAlive(pid: number): boolean {
  try {
    // Signal 0 asks only whether it could be sent.
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // A process that has ended but that nobody has asked after yet can still be signalled.
  return commandLine(pid)?.length !== 0;
}

/**
 * Is this the process that holds a lab, or one that got its number later? Known where /proc tells; else
 * the servers that answered with the ids on record have to do.
 */
export function isHolder(pid: number): boolean {
  if (!isAlive(pid)) return false;
  const words = commandLine(pid);
  return words === undefined || (words.includes('lab') && words.includes('up'));
}

/** Its words where /proc tells; none for one that has ended. */
function commandLine(pid: number): readonly string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  } catch {
    return undefined;
  }
}

/** @throws TribError LAB */
function openLog(folder: string, path: string): number {
  try {
    makeFolder(folder);
    return openSync(path, 'w', 0o600);
  } catch (cause) {
    throw new TribError('LAB', `The folder ${folder} cannot be used: ${messageOf(cause)}`, {
      hint: 'The variable XDG_STATE_HOME names another place for it.',
      cause,
    });
  }
}
