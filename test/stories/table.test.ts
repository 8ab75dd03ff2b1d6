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

describe('the table of stories', () => {
  it('has a line for every story', () => {
    const moving = [1, 3, 5, 6, 14, 17, 18, 21, 22, 23];
    const members = Array.from({ length: 20 }, (_, index) => 25 + index);
    const promised = [...moving, ...members, 47, 49, 54, 55, 57, 58, 59];
    expect(rows.map(({ story }) => story)).to.deep.equal(promised);
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
