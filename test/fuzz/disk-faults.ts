/** Runs `disk-faults-program.ts`: a process of its own, because its whole file system is made to fail. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

const PROGRAM = fileURLToPath(new URL('disk-faults-program.ts', import.meta.url));

export async function playDiskFaults(seed: number, pairs: number): Promise<void> {
  const words = ['--import', 'tsx', PROGRAM, String(seed), String(pairs)];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, words);
  expect(stdout + stderr).to.equal('');
}
