/**
 * `npm start`: install and build if needed, then hand over to the program itself: six embedded nodes, a
 * cluster of them, its check. `npm start -- --once` stops after the check.
 */
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { main, root, runNode } from './support.mjs';

await main(async () => {
  await ensureInstalled();
  await ensureBuilt();
  // Ctrl-C reaches the whole process group: the program ends itself, and we end with its status.
  process.on('SIGINT', () => undefined);
  const words = ['lab', 'up', ...process.argv.slice(2)];
  process.exitCode = await runNode([join(root, 'bin', 'run.js'), ...words]);
});
