/**
 * A program in a real pseudo-terminal, with somebody typing. Python's pty module makes the terminal; it
 * is on every Debian and macOS. Without it these tests are skipped, except in CI where they fail.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { waitUntil } from './wait.js';

const PTY_PROGRAM = `
import os, pty, select, signal, struct, sys, fcntl, termios
columns, rows = int(sys.argv[1]), int(sys.argv[2])
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[3], sys.argv[3:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGTERM))
inputs = [fd, 0]
while True:
    try:
        ready, _, _ = select.select(inputs, [], [])
    except InterruptedError:
        continue
    if fd in ready:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        os.write(1, data)
    if 0 in ready:
        data = os.read(0, 65536)
        if data:
            os.write(fd, data)
        else:
            inputs.remove(0)
_, status = os.waitpid(pid, 0)
if os.WIFSIGNALED(status):
    sys.exit(128 + os.WTERMSIG(status))
sys.exit(os.WEXITSTATUS(status))
`;

export function hasTerminal(): boolean {
  try {
    execFileSync('python3', ['-c', 'import pty'], { stdio: 'ignore' });
    return true;
  } catch {
    if (process.env['CI'] === 'true') throw new Error('CI needs python3 with its pty module');
    return false;
  }
}

export interface Terminal {
  readonly process: ChildProcess;
  /** All that appeared so far, escape sequences removed, line ends as `\n`. */
  readonly text: () => string;
  /** Wait until a text has appeared. */
  see(expected: string | RegExp, deadlineMs?: number): Promise<void>;
  /** Keys as a keyboard sends them: `yes\r`, `\x03` for Ctrl-C. */
  type(keys: string): void;
  /** Exit status of the program; by signal N: 128 + N. */
  readonly ended: Promise<number>;
  stop(): Promise<void>;
}

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

export function openTerminal(
  command: string,
  args: readonly string[],
  options: TerminalOptions = {},
): Terminal {
  const { columns = 80, rows = 40, env = process.env, cwd } = options;
  const child = spawn(
    'python3',
    ['-c', PTY_PROGRAM, String(columns), String(rows), command, ...args],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...env, TERM: 'xterm' },
      ...(cwd === undefined ? {} : { cwd }),
    },
  );
  let raw = '';
  child.stdout.on('data', (chunk: Buffer) => (raw += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (raw += chunk.toString('utf8')));
  const ended = new Promise<number>((resolve) => {
    child.once('close', (status) => resolve(status ?? 1));
  });
  const text = (): string => plainText(raw);
  return {
    process: child,
    text,
    see: async (expected, deadlineMs) => {
      const appeared = (): boolean =>
        typeof expected === 'string' ? text().includes(expected) : expected.test(text());
      try {
        await waitUntil(`the terminal shows ${String(expected)}`, appeared, deadlineMs);
      } catch (error) {
        throw new Error(`${String(error)}; it shows:\n${text()}`, { cause: error });
      }
    },
    type: (keys) => void child.stdin.write(keys),
    ended,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}

function plainText(raw: string): string {
  // CSI and OSC sequences, then the two-character ones.
  const csi = new RegExp(String.raw`\u001b\[[0-9;?]*[ -/]*[@-~]`, 'g');
  const osc = new RegExp(String.raw`\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)`, 'g');
  const other = new RegExp(String.raw`\u001b[ -/]*[0-~]`, 'g');
  return raw.replace(csi, '').replace(osc, '').replace(other, '').replaceAll('\r\n', '\n');
}
