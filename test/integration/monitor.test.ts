/** What MONITOR shows of the same commands on redis-server and on an embedded node. */
import { expect } from 'chai';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { RespClient, show } from '../node/resp-client.js';
import { hasRedisServer, type RealServer, startRealServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';

describe('MONITOR beside redis-server', function () {
  this.timeout(30_000);
  let real: RealServer | undefined;
  let node: EmbeddedNode | undefined;

  before(async function () {
    if (!hasRedisServer()) this.skip();
    real = await startRealServer({ cluster: false });
    node = await startNode({ port: 0 });
  });

  after(async () => {
    await node?.stop();
    await real?.stop();
  });

  async function watched(port: number): Promise<string[]> {
    const monitor = await RespClient.open(port);
    const client = await RespClient.open(port);
    try {
      const lines = [show(await monitor.call('MONITOR'))];
      const commands = [
        ['SET', 'a b', '"quoted"\r\n\x00\xff'],
        ['AUTH', 'secret'],
        ['HELLO', '3', 'AUTH', 'default', 'secret'],
        ['CONFIG', 'GET', 'port'],
        ['SELECT', '2'],
        ['GET', 'x'],
        ['NOSUCH', 'command'],
        ['GET'],
        ['MULTI'],
        ['INCR', 'n'],
        ['EXEC'],
        ['PUBLISH', 'c', 'm'],
      ];
      for (const argv of commands) await client.call(...argv);
      await client.call('ECHO', 'the end');
      await waitUntil('the last line', () => show(monitor.unasked.at(-1)!).includes('the end'));
      lines.push(...monitor.unasked.map(show), show(await monitor.call('GET', 'a')));
      // Times and ports differ.
      return lines.map((line) => line.replace(/\d+\.\d{6} \[(\d+) [^\]]*\]/, 'time [$1 client]'));
    } finally {
      monitor.close();
      client.close();
    }
  }

  it('shows what ran, as it ran, and keeps passwords and administration to itself', async () => {
    const [expected, actual] = await Promise.all([watched(real!.port), watched(node!.port)]);
    expect(actual).to.deep.equal(expected);
    expect(actual.length).to.be.greaterThan(8);
  });
});
