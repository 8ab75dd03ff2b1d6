/** `npm run bench:admin`, `bench:node`: installs and builds if needed, for it is the built program that is measured. */
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { main, runNode } from './support.mjs';

const [name, ...words] = process.argv.slice(2);

await main(async () => {
  await ensureInstalled();
  await ensureBuilt();
  process.exitCode = await runNode(['--import', 'tsx', `bench/${name}.ts`, ...words]);
});
