/**
 * Makes a folder and those that lead to it, one by one. Node does that by itself, but never comes to an end
 * where a folder that exists says of a new one in it that there is no such folder, as /proc does.
 */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * @param mode of those that are made
 * @returns whether the folder was not there before
 * @throws what the disk says; also where the name is that of a file
 */
export function makeFolder(path: string, mode?: number): boolean {
  const missing = missingIn(resolve(path));
  for (const folder of missing) {
    try {
      mkdirSync(folder, { mode });
    } catch (error) {
      // Another process was faster, or it stands in a folder that may not be looked into.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  if (statSync(path).isDirectory()) return missing.length > 0;
  throw new Error(`ENOTDIR: not a directory, '${path}'`);
}

/** From the first that is not there down to the last. */
function missingIn(path: string): readonly string[] {
  const missing: string[] = [];
  for (let at = path; !existsSync(at) && at !== dirname(at); at = dirname(at)) missing.unshift(at);
  return missing;
}
