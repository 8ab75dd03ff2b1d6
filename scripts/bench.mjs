/** `npm run bench:admin`: installs and builds if needed, for it is the built program that is measured. */
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { main, runNode } from './support.mjs';

await main(async () => {
  await ensureInstalled();
  await ensureBuilt();
  process.exitCode = await runNode(['--import', 'tsx', 'bench/admin.ts', ...process.argv.slice(2)]);
});
