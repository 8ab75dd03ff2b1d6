/** A file that was renamed into place has its new name for good once its folder is synced. */
import { closeSync, fsyncSync, openSync } from 'node:fs';

/** On Windows without effect: there folders cannot be synced, and renames are journalled. */
export function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
