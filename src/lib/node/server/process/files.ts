/** The files a node process keeps besides its data: the pid file, and the config file it rewrites. */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fromBytes, toBytes } from '../../../kernel/bytes.js';
import { messageOf } from '../../../kernel/errors.js';
import type { Configuration } from '../../config/configuration.js';
import { rewriteConfig } from '../../config/rewrite.js';
import { syncFolder } from '../sync-folder.js';

/** undefined when written, otherwise why not: a node without its pid file still serves. */
export function writePidFile(path: string, pid: number): string | undefined {
  try {
    writeFileSync(path, `${pid}\n`);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

export function removePidFile(path: string): void {
  rmSync(path, { force: true });
}

/** CONFIG REWRITE. undefined when done, otherwise why not. */
export function rewriteConfigFile(path: string, config: Configuration): string | undefined {
  if (path === '') return 'The server is running without a config file';
  try {
    const before = fromBytes(readFileSync(path));
    const after = rewriteConfig(before, config);
    if (after !== before) replaceFile(path, toBytes(after));
    return undefined;
  } catch (error) {
    return `Rewriting config file: ${messageOf(error)}`;
  }
}

/** The old file or the new one, whatever happens in between; never half of one. */
function replaceFile(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const { mode } = statSync(path);
    writeFileSync(temporary, bytes, { mode, flush: true });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}
