/**
 * `npm test`: install if needed, all checks, a build, then the tests. Words after `--` go to mocha
 * (`npm test -- --grep create`). With `--long` the long tests run instead of the others, unchecked.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { runChecks } from './check.mjs';
import { ensureInstalled } from './install.mjs';
import { main, root, runNode, say, toolArgs } from './support.mjs';

const words = process.argv.slice(2);
const isLong = words.includes('--long');
const forMocha = words.filter((word) => word !== '--long');

await main(async () => {
  await ensureInstalled();
  const failed = isLong ? [] : await runChecks();
  // The tests of the packed program need a build; it is made here once, not by whichever test is first.
  if (!(await isBuilt())) failed.push('build');
  if (isLong && !hasLongTests()) {
    say('There are no long tests (test/**/*.long.ts).');
    process.exitCode = failed.length > 0 ? 1 : 0;
    return;
  }
  if (isLong) forMocha.push('--config', '.mocharc.long.cjs');
  // In CI nothing may be skipped: a missing redis-server or privilege is a failure there.
  if (process.env.CI === 'true') forMocha.push('--forbid-only', '--forbid-pending');
  // Tests that start the program take the built one: it is what users get, and starts ten times faster.
  const env = { ...process.env, TRIB_IS_BUILT: failed.includes('build') ? 'no' : 'yes' };
  const status = await runNode(toolArgs('mocha', 'mocha', ...forMocha), { env });
  if (failed.length > 0) say(`Failed before the tests, shown above: ${failed.join(', ')}`);
  process.exitCode = failed.length > 0 || status !== 0 ? 1 : 0;
});

async function isBuilt() {
  try {
    await ensureBuilt();
    return true;
  } catch (error) {
    say(error.message);
    return false;
  }
}

function hasLongTests() {
  return readdirSync(join(root, 'test'), { recursive: true }).some((path) =>
    path.endsWith('.long.ts'),
  );
}
