/**
 * Everything that can be known without running the program: format, lint, types, import arrows and
 * files nobody reaches. Two at a time, because each is one core's work.
 */
import { ensureInstalled } from './install.mjs';
import { captureNode, isProgram, main, say, toolArgs } from './support.mjs';

/** Answers the names of the checks that failed. */
export async function runChecks() {
  const checks = [
    ['lint', () => toolArgs('eslint', 'eslint', '.')],
    ['types of the tests', () => toolArgs('typescript', 'tsc', '-p', 'test')],
    ['types', () => toolArgs('typescript', 'tsc', '-p', '.', '--noEmit')],
    ['format', () => toolArgs('prettier', 'prettier', '--check', '--log-level', 'warn', '.')],
    ['import arrows', () => toolArgs('dependency-cruiser', 'depcruise', 'src', 'bin')],
  ];
  const failed = [];
  const next = async () => {
    for (let check = checks.shift(); check !== undefined; check = checks.shift()) {
      const [name, args] = check;
      const { status, output } = await captureNode(args());
      say(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}`);
      if (status === 0) continue;
      say(output.trimEnd());
      failed.push(name);
    }
  };
  await Promise.all([next(), next()]);
  return failed;
}

if (isProgram(import.meta.url)) {
  await main(async () => {
    await ensureInstalled();
    const failed = await runChecks();
    process.exitCode = failed.length === 0 ? 0 : 1;
  });
}
