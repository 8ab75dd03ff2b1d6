/**
 * What a real primary has and an embedded replica has not: the link ends with one line in the log that names
 * it, the data stay as they were, and the primary is not asked again and again.
 */
import { expect } from 'chai';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { field, follow, info, linked, type Server, Servers, text } from './repl-support.js';

const LIBRARY = "#!lua name=mylib\nredis.register_function('f', function() return 1 end)";

/** Said to the primary, and what the log must name. */
const FOREIGN: readonly (readonly [argv: readonly string[], named: RegExp])[] = [
  [['XADD', 'a stream', '1-1', 'f', 'v'], /XADD 'a stream'.*does not serve streams/],
  [['PFADD', 'a sketch', 'x'], /PFADD 'a sketch'.*does not serve HyperLogLog/],
  [['FUNCTION', 'LOAD', LIBRARY], /FUNCTION 'LOAD'/],
];

/** The same as parts of a snapshot. */
const FOREIGN_IN_SNAPSHOT: readonly (readonly [argv: readonly string[], named: RegExp])[] = [
  [['XADD', 'a stream', '1-1', 'f', 'v'], /key "a stream" holds a stream/],
  [['FUNCTION', 'LOAD', LIBRARY], /function library mylib/],
];

describe('what an embedded replica cannot hold', function () {
  const servers = new Servers();
  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  afterEach(() => servers.stop());

  async function startPair(): Promise<{ primary: Server; replica: Server }> {
    const primary = await servers.start('real');
    const replica = await servers.start('embedded');
    return { primary, replica };
  }

  const complaints = ({ log }: Server): string[] =>
    log.filter((line) => line.startsWith('warning:'));

  async function expectOneComplaint(replica: Server, named: RegExp): Promise<void> {
    await waitUntil('the replica complains', () => complaints(replica).length > 0);
    const before = replica.log.length;
    const seconds = async (): Promise<number> =>
      Number((await info(replica, 'server')).get('uptime_in_seconds'));
    const since = await seconds();
    await waitUntil('another second has passed', async () => (await seconds()) > since);
    expect(complaints(replica)).to.have.length(1, complaints(replica).join('\n'));
    expect(complaints(replica)[0]).to.match(named);
    expect(complaints(replica)[0]).to.match(/Next attempt in 10 s$/);
    expect(replica.log.length).to.equal(before);
    expect(await field(replica, 'master_link_status')).to.equal('down');
  }

  for (const [argv, named] of FOREIGN) {
    it(`${argv[0]} in the stream ends the link, and nothing behind it is applied`, async () => {
      const { primary, replica } = await startPair();
      await follow(replica, primary);
      await linked(replica);
      await primary.client.call('SET', 'before', '1');
      await primary.client.call(...argv);
      await primary.client.call('SET', 'behind', '1');
      await expectOneComplaint(replica, named);
      expect(await text(replica, 'GET', 'before')).to.equal('1');
      expect(await text(replica, 'EXISTS', 'behind')).to.equal(':0');
      expect((await info(primary, 'stats')).get('sync_full')).to.equal('1');
    });
  }

  for (const [argv, named] of FOREIGN_IN_SNAPSHOT) {
    it(`${argv[0]} in the snapshot ends the link, and the old data stay`, async () => {
      const { primary, replica } = await startPair();
      await replica.client.call('SET', 'mine', '1');
      await primary.client.call(...argv);
      await follow(replica, primary);
      await expectOneComplaint(replica, named);
      expect(await text(replica, 'GET', 'mine')).to.equal('1');
      expect((await info(primary, 'stats')).get('sync_full')).to.equal('1');
    });
  }

  it('propagation-error-behavior panic: the node ends rather than fall behind', async () => {
    const primary = await servers.start('real');
    const replica = await servers.start('embedded', { 'propagation-error-behavior': 'panic' });
    await follow(replica, primary);
    await linked(replica);
    await primary.client.call('XADD', 's', '1-1', 'f', 'v');
    await replica.node!.ended;
    expect(complaints(replica).join('\n')).to.match(/The node ends: .*XADD 's'/);
  });

  it('inside a transaction nothing of it is applied', async () => {
    const { primary, replica } = await startPair();
    await follow(replica, primary);
    await linked(replica);
    for (const words of ['MULTI', 'SET a 1', 'XADD s * f v', 'EXEC']) {
      await primary.client.call(...words.split(' '));
    }
    await waitUntil('the replica complains', () => complaints(replica).length > 0);
    expect(complaints(replica)[0]).to.match(/XADD 's'/);
    expect(await text(replica, 'EXISTS', 'a')).to.equal(':0');
  });
});
