/** A measurement in a process of its own: its memory is its own, and the first run's warmth is nobody's. */
import { fileURLToPath } from 'node:url';
import { timeProgram } from './measure.js';

export async function runChild(name: string, ...words: readonly string[]): Promise<unknown> {
  const script = fileURLToPath(new URL(`../children/${name}.ts`, import.meta.url));
  const run = await timeProgram(process.execPath, ['--import', 'tsx', script, ...words]);
  if (run.status !== 0) throw new Error(`${name} ended with ${run.status}:\n${run.output}`);
  return JSON.parse(run.output.trim().split('\n').at(-1)!) as unknown;
}
