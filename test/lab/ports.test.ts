import { createServer } from 'node:net';
import { expect } from 'chai';
import { TribError } from '../../src/lib/kernel/errors.js';
import { BUS_PORT_OFFSET, claimPorts, findFreePorts } from '../../src/lib/lab/ports.js';

describe('ports of a lab', () => {
  it('are different, and free together with their bus ports', async () => {
    const ports = await findFreePorts('127.0.0.1', 40);
    expect(new Set(ports).size).to.equal(40);
    for (const port of ports) await listenOnce(port + BUS_PORT_OFFSET);
  });

  it('follow the first one asked for, unless one is taken: then it is named', async () => {
    const [first] = await findFreePorts('127.0.0.1', 1);
    const taken = createServer();
    await new Promise<void>((resolve) =>
      taken.listen(first! + BUS_PORT_OFFSET, '127.0.0.1', resolve),
    );
    try {
      const error = await claimPorts('127.0.0.1', first!, 1).then(
        () => undefined,
        (thrown: unknown) => thrown as TribError,
      );
      expect(error?.code).to.equal('ADDRESS_IN_USE');
      expect(error?.message).to.contain(String(first! + BUS_PORT_OFFSET));
    } finally {
      await new Promise((resolve) => taken.close(resolve));
    }
    expect(await claimPorts('127.0.0.1', first!, 1)).to.deep.equal([first]);
  });

  it('leave room for the bus port above them', async () => {
    const error = await claimPorts('127.0.0.1', 60_000, 1).then(
      () => undefined,
      (thrown: unknown) => thrown as TribError,
    );
    expect(error?.code).to.equal('USAGE');
  });
});

function listenOnce(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  });
}
