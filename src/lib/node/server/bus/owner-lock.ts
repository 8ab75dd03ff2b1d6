/**
 * A lock file that outlives nobody: it names its owner and when that process started, so that the lock of
 * a killed process, or of an earlier one with the same number, is seen to be dead and is taken over.
 *
 * Taking over is where such locks go wrong. "Look, remove, create" lets two processes that saw the same
 * dead owner remove each other's fresh lock, and a supervisor that starts a node twice does just that. So
 * a dead lock is replaced only by whoever holds the heir's lock beside it, and only if it is still the dead
 * one. The heir's lock is a lock like this one, so a crash in the middle is no dead end either.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** Each round ends with a lock taken, a live owner found, or a rival that was faster. */
const ROUNDS = 100;

/**
 * Takes the lock, at once or not at all.
 *
 * @returns whether it is ours; a file system's refusal is thrown as it came
 */
export function takeOwnerLock(path: string): boolean {
  for (let round = 0; round < ROUNDS; round++) {
    if (create(path)) return true;
    const found = readOwner(path);
    // Given up between the two looks.
    if (found === undefined) continue;
    if (isAlive(found)) return false;
    if (inherit(path, found)) return true;
  }
  return false;
}

export function releaseOwnerLock(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Its folder is no folder any more, or not ours: what is left there names an owner that will be dead.
  }
}

/** Appears under its name with its owner in it, or not at all: nobody ever reads it half written. */
function create(path: string): boolean {
  return withDraft(path, (draft) => {
    try {
      linkSync(draft, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      return createWithoutLinks(path);
    }
  });
}

/** Some file systems have no hard links: there the name stands for an instant before the owner does. */
function createWithoutLinks(path: string): boolean {
  try {
    writeFileSync(path, ownOwner(), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function inherit(path: string, dead: string): boolean {
  const heir = `${path}.heir`;
  if (!takeOwnerLock(heir)) return false;
  try {
    // A faster rival was heir before us, and its lock is alive.
    if (readOwner(path) !== dead) return false;
    return withDraft(path, (draft) => {
      renameSync(draft, path);
      return true;
    });
  } finally {
    releaseOwnerLock(heir);
  }
}

function withDraft(path: string, use: (draft: string) => boolean): boolean {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, ownOwner(), { flag: 'wx' });
  try {
    return use(draft);
  } finally {
    rmSync(draft, { force: true });
  }
}

function ownOwner(): string {
  return `${process.pid} ${startOf('self') ?? ''}\n`;
}

function readOwner(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(owner: string): boolean {
  const [pidText = '', startedAt = ''] = owner.trim().split(' ');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Alive, but somebody else's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return startedAt === (startOf(pid) ?? '');
}

/** When a process started, in ticks since boot; undefined where the system does not tell. */
function startOf(pid: number | 'self'): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, second of the fields, may hold blanks and parentheses; the rest is counted from its end.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
