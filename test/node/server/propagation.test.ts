import { expect } from 'chai';
import type { ReplicationWing } from '../../../src/lib/node/ports/wings.js';
import { type EmbeddedNode, startNode } from '../../../src/lib/node/server/node.js';
import { RespClient, show } from '../resp-client.js';

/** What travels to replicas. Times are absolute there: a relative one would start anew. */
describe('the replication stream', () => {
  let node: EmbeddedNode;
  let client: RespClient;
  let stream: string[];

  beforeEach(async () => {
    node = await startNode({ port: 0 });
    client = await RespClient.open(node.port);
    stream = [];
    const propagate: ReplicationWing['propagate'] = (db, argv) =>
      stream.push(`${db}: ${argv.join(' ').replace(/\d{13}/, '<ms>')}`);
    Object.assign(node.wings.replication, { propagate });
  });

  afterEach(async () => {
    client.close();
    await node.stop();
  });

  const CASES: readonly (readonly [commands: string, stream: readonly string[]])[] = [
    ['SET a 1', ['0: SET a 1']],
    ['SET a 1 EX 100', ['0: SET a 1 PXAT <ms>']],
    ['SET a 1 GET', ['0: SET a 1']],
    ['SET a 1 XX', []],
    ['SETEX a 100 v', ['0: SET a v PXAT <ms>']],
    ['SET a 1; GETSET a 2', ['0: SET a 1', '0: SET a 2']],
    ['SET a 1; GETDEL a', ['0: SET a 1', '0: DEL a']],
    ['SET a 1; GETEX a EX 100', ['0: SET a 1', '0: PEXPIREAT a <ms>']],
    ['SET a 1 EX 9; GETEX a PERSIST', ['0: SET a 1 PXAT <ms>', '0: PERSIST a']],
    ['SET a 1; EXPIRE a 100', ['0: SET a 1', '0: PEXPIREAT a <ms>']],
    ['SET a 1; EXPIRE a -1', ['0: SET a 1', '0: DEL a']],
    ['SET a 1; EXPIRE a 100 XX', ['0: SET a 1']],
    ['INCRBYFLOAT a 1.5', ['0: SET a 1.5 KEEPTTL']],
    ['INCR a', ['0: INCR a']],
    ['DEL a', []],
    ['GET a', []],
    ['FLUSHALL', ['0: FLUSHALL']],
    ['SELECT 3; SET a 1', ['3: SET a 1']],
    ['MULTI; SET a 1; EXEC', ['0: SET a 1']],
    ['MULTI; SET a 1; GET a; INCR a; EXEC', ['0: MULTI', '0: SET a 1', '0: INCR a', '0: EXEC']],
    ['MULTI; GET a; EXEC', []],
    ['SET a 1 PXAT 1; GET a', ['0: SET a 1 PXAT 1', '0: DEL a']],
    [
      'SET a 1 PXAT 1; SET a 2',
      ['0: SET a 1 PXAT 1', '0: MULTI', '0: DEL a', '0: SET a 2', '0: EXEC'],
    ],
    ['PUBLISH c m', ['0: PUBLISH c m']],
  ];
  for (const [commands, expected] of CASES) {
    it(`${commands} travels as ${expected.join(', ') || 'nothing'}`, async () => {
      for (const command of commands.split('; ')) await client.call(...command.split(' '));
      expect(stream).to.deep.equal(expected);
    });
  }

  it('applies a stream without adding to it, MULTI and EXEC as one', () => {
    const { data } = node.wings;
    data.applyReplicated(['SET', 'a', '1', 'PXAT', '1'], 0);
    data.applyReplicated(['MULTI'], 0);
    data.applyReplicated(['INCR', 'a'], 0);
    expect(data.keyCount()).to.equal(1);
    data.applyReplicated(['EXEC'], 0);
    expect(stream).to.deep.equal([]);
  });

  it('refuses what it cannot apply instead of skipping it in silence', () => {
    expect(() => node.wings.data.applyReplicated(['NOSUCH', 'a'], 0)).to.throw(
      /^NOSUCH 'a' fails here/,
    );
  });

  it('an expired key that was only hidden is still there for the stream', async () => {
    const { data } = node.wings;
    Object.defineProperty(node.wings.replication, 'role', { value: 'replica' });
    data.applyReplicated(['SET', 'a', '1', 'PXAT', '1'], 0);
    expect(show(await client.call('GET', 'a'))).to.equal('nil-bulk');
    expect(data.keyCount()).to.equal(1);
    data.applyReplicated(['PERSIST', 'a'], 0);
    expect(show(await client.call('GET', 'a'))).to.equal('$"1"');
    expect(stream).to.deep.equal([]);
  });
});
