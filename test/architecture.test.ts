/**
 * What linters do not see: that files tell their story, that nothing lives at module level, that every
 * error code and every command is what the documents say it is, and that the arrows hold.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { ERROR_CODES } from '../src/lib/kernel/errors.js';
import { loadCommands } from './support/commands.js';

const root = fileURLToPath(new URL('..', import.meta.url));

const filesUnder = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => ending.test(path) && !path.includes('/fixtures/'))
    .sort();
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

const sources = filesUnder('src', /\.ts$/);
const ours = [
  ...sources,
  ...filesUnder('test', /\.(ts|cjs)$/),
  ...filesUnder('scripts', /\.mjs$/),
  ...filesUnder('bin', /\.js$/),
];

// Of a test, the names of its claims are the story; of a command, its summary (demanded below).
const narrated = ours.filter((path) => !/^(?:test\/(?!support\/)|src\/commands\/)/.test(path));

describe('architecture', () => {
  it('every file opens with a story', () => {
    const silent = narrated.filter((path) => {
      const opening = /^(?:#!.*\n)?\/\*\*([^]*?)\*\//.exec(textOf(path))?.[1] ?? '';
      return opening.replace(/[\s*]+/g, ' ').trim().length < 20;
    });
    expect(silent).to.deep.equal([]);
  });

  // A WeakMap is let through: it remembers what follows from an immutable value, for as long as that lives.
  it('nothing that changes lives at module level, so that many nodes fit in one process', () => {
    const mutable = sources
      .filter((path) => path.startsWith('src/lib/'))
      .flatMap((path) =>
        textOf(path)
          .split('\n')
          .filter((line) =>
            /^(?:export )?(?:let |var |const \w+(?:: [^=]+)? = (?:new (?:Map|Set)(?:<.*>)?\(\)|\[\]|\{\});)/.test(
              line,
            ),
          )
          .map((line) => `${path}: ${line}`),
      );
    expect(mutable).to.deep.equal([]);
  });

  it('nothing is left for later in a comment', () => {
    // Spelt apart, or this file would find itself.
    const words = ['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'];
    const promise = new RegExp(`\\b(?:${words.join('|')})\\b`);
    expect(ours.filter((path) => promise.test(textOf(path)))).to.deep.equal([]);
  });

  it('every error code can happen', () => {
    const everything = sources
      .filter((path) => path !== 'src/lib/kernel/errors.ts')
      .map(textOf)
      .join('\n');
    const unused = Object.keys(ERROR_CODES).filter((code) => !everything.includes(`'${code}'`));
    expect(unused).to.deep.equal([]);
  });

  it('every command says what it does, with an example in long flags', async () => {
    const complaints = (await loadCommands()).flatMap(({ id, command }) => [
      ...((command.summary ?? '') === '' ? [`${id} has no summary`] : []),
      ...(exampleTexts(command.examples).length === 0 ? [`${id} has no example`] : []),
      ...exampleTexts(command.examples)
        .filter((text) => /\s-[a-z]\s/i.test(text))
        .map((text) => `${id} has an example with a short flag: ${text}`),
      ...Object.entries((command.flags as typeof command.flags | undefined) ?? {})
        .filter(
          ([, flag]) => (flag.summary ?? flag.description ?? '') === '' && flag.hidden !== true,
        )
        .map(([name]) => `${id} does not say what --${name} is`),
    ]);
    expect(complaints).to.deep.equal([]);
  });

  it('the import arrows hold', function () {
    this.timeout(60_000);
    const program = 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs';
    execFileSync(process.execPath, [program, 'src', 'bin'], { cwd: root, stdio: 'pipe' });
  });
});

function exampleTexts(examples: readonly unknown[] | undefined): string[] {
  return (examples ?? []).map((example) =>
    typeof example === 'string' ? example : (example as { command: string }).command,
  );
}
