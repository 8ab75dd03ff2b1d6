/**
 * Programs whose folder is a disk of a few megabytes: a tmpfs in a mount namespace of their own, so that
 * nothing of it is left when they end, and nobody else sees it. Needs root on Linux; without, such tests are
 * skipped, except in CI where they fail.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';

export function hasSmallDisks(): boolean {
  try {
    execFileSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs /tmp'], {
      stdio: 'ignore',
    });
    return true;
  } catch (error) {
    if (process.env['CI'] === 'true') {
      throw new Error('CI needs root and util-linux for small disks', { cause: error });
    }
    return false;
  }
}

export interface OnSmallDisk {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Settles with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** The path by which others see a file of its folder, while it runs. */
  path(name: string): string;
}

const MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && cd "$2" && shift 2 && exec "$@"';

/** @param folder an empty one, which the disk covers for this program */
export function runOnSmallDisk(
  folder: string,
  kilobytes: number,
  command: readonly string[],
): OnSmallDisk {
  const words = ['-m', 'sh', '-c', MOUNT, 'sh', `${kilobytes}k`, folder, ...command];
  const child = spawn('unshare', words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'gone'));
  });
  return {
    child,
    output: () => output,
    ended,
    path: (name) => `/proc/${child.pid ?? 0}/root${folder}/${name}`,
  };
}
