/**
 * Whether a process that a journal names still runs. Process ids are used again, so where the system tells
 * when a process began, that must be the same as well.
 */
import { readFileSync } from 'node:fs';

/** When it began, in the system's own words; undefined where it does not tell. */
export function processMark(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may hold anything; after it the 20th field is the start in ticks since boot.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

export function isRunning(pid: number, mark: string | undefined): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = processMark(pid);
  return mark === undefined || now === undefined || mark === now;
}
