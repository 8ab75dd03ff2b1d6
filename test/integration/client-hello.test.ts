/** HELLO with its options, beside redis-server: they count in their order, also before one that is wrong. */
import { expect } from 'chai';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { RespClient, show } from '../node/resp-client.js';
import { hasRedisServer, type RealServer, startRealServer } from '../support/real-server.js';

const PASSWORD = 'pw';

const SCENES: readonly (readonly string[])[] = [
  ['HELLO', 'HELLO 3', 'HELLO 3 SETNAME a', 'HELLO 3 AUTH default pw SETNAME a', 'CLIENT GETNAME'],
  ['HELLO 3 AUTH default pw NONSENSE', 'PING', 'CLIENT GETNAME', 'HELLO 2'],
  ['HELLO 3 SETNAME early AUTH default pw SETNAME late', 'CLIENT GETNAME'],
  ['AUTH pw', 'HELLO 3 SETNAME a AUTH default bad', 'CLIENT GETNAME', 'PING', 'HELLO 4 SETNAME b'],
  ['AUTH pw', 'HELLO 3 SETNAME', 'HELLO 3 AUTH default', 'HELLO x', 'HELLO 2 SETNAME a SETNAME b'],
  ['AUTH pw', 'MULTI', 'HELLO 3 AUTH default bad', 'EXEC', 'PING', 'RESET', 'PING'],
];

describe('HELLO with its options', () => {
  let real: RealServer | undefined;
  let node: EmbeddedNode | undefined;
  before(async function () {
    if (!hasRedisServer()) this.skip();
    const config = { requirepass: PASSWORD };
    real = await startRealServer({ cluster: false, config });
    node = await startNode({ port: 0, config });
  });
  after(async () => {
    await real?.stop();
    await node?.stop();
  });

  async function answers(port: number, lines: readonly string[]): Promise<string[]> {
    const client = await RespClient.open(port);
    const replies: string[] = [];
    for (const line of lines) {
      const reply = show(await client.call(...line.split(' ')));
      // Clients are numbered by each server.
      replies.push(`${line} ${reply.replace(/"id"(, |: |=>)?:\d+/, 'id')}`);
    }
    client.close();
    return replies;
  }

  for (const scene of SCENES) {
    it(scene.join(', '), async () => {
      expect(await answers(node!.port, scene)).to.deep.equal(await answers(real!.port, scene));
    });
  }
});
