/**
 * The README's examples, run as a reader would run them: each `$ trib ...` of a console block with its
 * output, each `ts` block as a program. Ports are moved to free ones; ids and numbers of processes differ
 * from run to run. A line of dots stands for lines left out; all others must appear in their order.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { freePort } from './support/free-port.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const run = promisify(execFile);

function blocks(language: string): readonly string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(
    ([, text]) => text!,
  );
}

interface Example {
  readonly words: readonly string[];
  readonly lines: readonly string[];
}

function examplesIn(block: string): readonly Example[] {
  return block.split(/^\$ /m).flatMap((text) => {
    const [command = '', ...lines] = text.trimEnd().split('\n');
    return command === '' ? [] : [{ words: command.split(' ').slice(1), lines }];
  });
}

describe('the README', function () {
  this.timeout(120_000);
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'trib-readme-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const [index, block] of blocks('console').entries()) {
    it(`console example ${index + 1} prints what it shows`, async () => {
      const base = await firstOfFreePorts(6);
      const moved = (text: string): string =>
        text.replace(/\b700(\d)\b/g, (_, digit) => String(base + Number(digit)));
      const env = { ...process.env, XDG_STATE_HOME: folder };
      const trib = (words: readonly string[]): Promise<{ stdout: string }> =>
        run(process.execPath, [join(root, 'bin', 'dev.js'), ...words], { env });
      try {
        for (const { words, lines } of examplesIn(block)) {
          const { stdout } = await trib(words.map(moved));
          expectInOrder(stdout, lines.map(moved));
        }
      } finally {
        await trib(['lab', 'down', '--all']);
      }
    });
  }

  for (const [index, block] of blocks('ts').entries()) {
    it(`program ${index + 1} runs`, async () => {
      const path = join(folder, 'example.mts');
      const testing = new URL('../src/testing.ts', import.meta.url).href;
      writeFileSync(path, block.replace("'trib/testing'", `'${testing}'`));
      const { stdout } = await run(process.execPath, ['--import', 'tsx', path], { cwd: root });
      expect(stdout).to.equal('6 primary\n');
    });
  }
});

function expectInOrder(output: string, lines: readonly string[]): void {
  const shown = output.split('\n').map((line) => line.trim());
  let from = 0;
  for (const line of lines.map((each) => each.trim()).filter((each) => each !== '...')) {
    const at = shown.indexOf(line, from);
    expect(at, `the line "${line}" in its place in:\n${output}`).to.be.at.least(0);
    from = at + 1;
  }
}

/** The README shows ports in a row; so here are some, the first divisible by ten. */
async function firstOfFreePorts(count: number): Promise<number> {
  const port = await freePort();
  const base = port - (port % 10);
  const { claimPorts } = await import('../src/lib/lab/ports.js');
  try {
    await claimPorts('127.0.0.1', base, count);
    return base;
  } catch {
    return firstOfFreePorts(count);
  }
}
