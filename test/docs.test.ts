/** Documents that repeat what the code says must say the same. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { loadCommands } from './support/commands.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((path) => `docs/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.md')),
];
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('documents', () => {
  it('docs/commands.md, docs/directives.md and the programs in docs/testing.md are what the sources say', () => {
    execFileSync(process.execPath, ['scripts/docs.mjs', '--check'], { cwd: root, stdio: 'pipe' });
  });

  it('the README names every command', async () => {
    const readme = textOf('README.md');
    const missing = (await loadCommands())
      .filter(({ command }) => !command.hidden)
      .map(({ id }) => id)
      .filter((id) => !readme.includes(`\`${id}\``) && !readme.includes(`\`${id} `));
    expect(missing).to.deep.equal([]);
  });

  it('links lead to files that are there', () => {
    const broken = pages.flatMap((page) =>
      [...textOf(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)]
        .map(([, target]) => target!)
        .filter((target) => !existsSync(join(root, dirname(page), target)))
        .map((target) => `${page}: ${target}`),
    );
    expect(broken).to.deep.equal([]);
  });
});
