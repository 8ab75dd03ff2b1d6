/**
 * The program in a process of its own, as a shell would run it. `npm test` has just built it and says so;
 * a test run by hand takes the sources, which are never stale.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const entry = process.env['TRIB_IS_BUILT'] === 'yes' ? 'run.js' : 'dev.js';
export const PROGRAM = fileURLToPath(new URL(`../../bin/${entry}`, import.meta.url));

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Outcome>;
  stdout(): string;
  stderr(): string;
}

export interface RunOptions {
  /** What is piped in; default: nothing, closed at once. */
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Standard input stays open: the test answers later. */
  readonly keepOpen?: boolean;
}

export function startTrib(args: readonly string[], options: RunOptions = {}): Running {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.on('error', () => undefined);
  if (options.keepOpen !== true) child.stdin.end(options.input ?? '');
  const ended = new Promise<Outcome>((resolve) => {
    child.once('close', (status) => resolve({ status: status ?? -1, stdout, stderr }));
  });
  return { process: child, ended, stdout: () => stdout, stderr: () => stderr };
}

export function runTrib(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return startTrib(args, options).ended;
}

/** The document of `--json`. */
export async function tribJson(
  args: readonly string[],
  options: RunOptions = {},
): Promise<{ readonly status: number; readonly document: any }> {
  const { status, stdout, stderr } = await runTrib([...args, '--json'], options);
  try {
    return { status, document: JSON.parse(stdout) };
  } catch (cause) {
    throw new Error(`no document on stdout:\n${stdout}\n${stderr}`, { cause });
  }
}
