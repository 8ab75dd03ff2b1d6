/**
 * `daemonize yes`: the node runs in a child of its own session, and the parent waits until that child
 * either listens or says why it cannot, so that a start script knows which it was.
 */
import { spawn } from 'node:child_process';
import { messageOf } from '../../../kernel/errors.js';

/** Set for the child, so that it serves instead of starting another one. */
const CHILD_MARK = 'TRIB_NODE_DAEMON';

type Report = { readonly kind: 'listening' } | { readonly kind: 'failed'; readonly text: string };

export function isDaemonChild(): boolean {
  return process.env[CHILD_MARK] === '1' && process.send !== undefined;
}

/**
 * Starts the same program again, detached.
 * @returns undefined once it listens, otherwise why it ended.
 */
export function startDaemon(stdinText: string | undefined): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
      detached: true,
      windowsHide: true,
      env: { ...process.env, [CHILD_MARK]: '1' },
      stdio: ['pipe', 'ignore', 'ignore', 'ipc'],
    });
    const settle = (failure: string | undefined): void => {
      child.removeAllListeners();
      if (child.connected) child.disconnect();
      child.unref();
      resolve(failure);
    };
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdinText ?? '', 'latin1');
    child.once('error', (error) => settle(messageOf(error)));
    child.once('exit', (code, signal) => {
      settle(`the node process ended before it listened (${signal ?? `exit code ${code ?? '?'}`})`);
    });
    child.on('message', (report: Report) => {
      settle(report.kind === 'failed' ? report.text : undefined);
    });
  });
}

/** The child's word to its parent, after which it stands alone. */
export function reportToParent(report: Report): Promise<void> {
  return new Promise((resolve) => {
    const leave = (): void => {
      if (process.connected) process.disconnect();
      resolve();
    };
    // The parent may be gone already: nobody is left to hear it.
    process.send?.(report, undefined, {}, leave);
  });
}
