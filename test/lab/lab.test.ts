import { expect } from 'chai';
import { TribError } from '../../src/lib/kernel/errors.js';
import { EMBEDDED, Lab } from '../../src/lib/lab/lab.js';

describe('a lab', () => {
  it('refuses to listen where others could reach it, and names that take a resolver', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'localhost', '127.0.0.999', '']) {
      const error = await Lab.start({
        nodeCount: 1,
        host,
        server: EMBEDDED,
        folder: '',
        nodeTimeoutMs: 5_000,
      }).then(
        (lab) => lab.stop(),
        (thrown: unknown) => thrown as TribError,
      );
      expect(error?.code, host).to.equal('USAGE');
    }
  });
});
