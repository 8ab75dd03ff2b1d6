/** The built program, as users start it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const TRIB = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

/** Programs started from here on keep their journals in a folder of their own, which goes when the process ends. */
export function useFreshStateFolder(): void {
  const folder = mkdtempSync(join(tmpdir(), 'trib-bench-'));
  process.env['XDG_STATE_HOME'] = folder;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
}
