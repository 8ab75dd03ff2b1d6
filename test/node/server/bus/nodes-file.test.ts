import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { NodesFile } from '../../../../src/lib/node/server/bus/nodes-file.js';

describe('the place of nodes.conf', () => {
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'trib-nodes-file-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is in dir, unless its name is absolute', () => {
    for (const [name, path] of [
      ['nodes.conf', join(folder, 'nodes.conf')],
      [join(folder, 'elsewhere.conf'), join(folder, 'elsewhere.conf')],
    ] as const) {
      const file = new NodesFile(folder, name);
      expect(file.path).to.equal(path);
      file.release();
    }
  });
});
