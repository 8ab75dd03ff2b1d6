/** docs/stories.md names a test for every story: it must be there, and every story test must be in it. */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

const rows = read('docs/stories.md')
  .split('\n')
  .filter((line) => /^\| \d/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, story, , , test]) => ({ story: Number(story), test: test! }));

/** Plain replication, restarts and upgrades. */
const LATER = new Set([50, 51, 52, 53]);

describe('the table of stories', () => {
  it('has one line for every story, in their order', () => {
    const told = rows.map(({ story }) => story);
    expect(told).to.deep.equal([...new Set(told)].sort((a, b) => a - b));
    const promised = Array.from({ length: 59 }, (_, at) => at + 1);
    const missing = promised.filter((story) => !told.includes(story));
    expect(missing.filter((story) => !LATER.has(story))).to.deep.equal([]);
  });

  for (const { story, test } of rows) {
    it(`names a test for story ${story} that is there`, () => {
      const [, path, title] = /^`([^`]+)`: (.+)$/.exec(test) ?? [];
      expect(path, test).to.be.a('string');
      expect(read(path!)).to.include(`it('${title!}'`);
    });
  }

  it('knows every test that tells a story', () => {
    const folder = fileURLToPath(new URL('test/stories/', ROOT));
    const told = readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts') && name !== 'table.test.ts')
      .flatMap((name) => [...read(`test/stories/${name}`).matchAll(/it\('story (\d+):/g)])
      .map(([, story]) => Number(story));
    expect(rows.map(({ story }) => story)).to.include.members(told);
  });
});
