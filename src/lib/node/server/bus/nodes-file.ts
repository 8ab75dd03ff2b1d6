/**
 * nodes.conf on disk. A save is a new file renamed over the old one, so a crash leaves the old memory or
 * the new one, never half of both. A lock file beside it keeps two nodes from sharing one memory.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf, TribError } from '../../../kernel/errors.js';
import { syncFolder } from '../sync-folder.js';
import { releaseOwnerLock, takeOwnerLock } from './owner-lock.js';
import { formatNodesConf, parseNodesConf, type NodesConf } from '../../../wire/nodes-conf.js';

export class NodesFile {
  readonly path: string;
  readonly #lockPath: string;

  /** Takes the lock. An absolute name stands for itself. @throws TribError BAD_CONFIG when another live node holds it. */
  constructor(directory: string, name: string) {
    this.path = resolve(directory, name);
    this.#lockPath = `${this.path}.lock`;
    lock(this.#lockPath, this.path);
  }

  /** The memory on disk; undefined if there is none. @throws TribError CORRUPT_FILE, file untouched. */
  read(): NodesConf | undefined {
    let text: string;
    try {
      text = readFileSync(this.path, 'latin1');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    if (text === '') return undefined;
    const parsed = parseNodesConf(text);
    if (parsed.ok) return parsed.value;
    const { line, reason } = parsed.error;
    const where = line === 0 ? this.path : `${this.path}, line ${line}`;
    throw new TribError('CORRUPT_FILE', `cluster config file ${where}: ${reason}`, {
      hint: 'Restore the file from a backup, or move it away: the node then starts blank.',
    });
  }

  /** @param durable on disk, not only with the operating system, when this returns */
  write(conf: NodesConf, durable: boolean): void {
    const temporary = `${this.path}.tmp-${process.pid}`;
    const file = openSync(temporary, 'w', 0o644);
    try {
      writeSync(file, formatNodesConf(conf), 0, 'latin1');
      if (durable) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, this.path);
    if (durable) syncFolder(dirname(this.path));
  }

  release(): void {
    releaseOwnerLock(this.#lockPath);
  }
}

function lock(lockPath: string, path: string): void {
  if (takesLock(lockPath)) return;
  throw new TribError('BAD_CONFIG', `${path} is in use by another node`, {
    hint: 'Give each node a dir, or a cluster-config-file, of its own.',
  });
}

function takesLock(lockPath: string): boolean {
  try {
    return takeOwnerLock(lockPath);
  } catch (cause) {
    throw new TribError('BAD_CONFIG', `cannot write ${lockPath}: ${messageOf(cause)}`, {
      hint: 'Set dir to a folder that this user may write.',
      cause,
    });
  }
}
