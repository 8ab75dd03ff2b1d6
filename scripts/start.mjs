/**
 * `npm start`: install and build if needed, then hand over to the program itself: six embedded nodes, a
 * cluster of them, its check. `npm start -- --once` stops after the check.
 */
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { root, runNode } from './support.mjs';

await ensureInstalled();
await ensureBuilt();
const words = process.argv.slice(2);
// Ctrl-C reaches the whole process group: the program ends itself, and we end with its status.
process.on('SIGINT', () => undefined);
process.exitCode = await runNode([join(root, 'bin', 'run.js'), 'lab', 'up', ...words]);
