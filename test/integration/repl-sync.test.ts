import { expect } from 'chai';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import {
  equal,
  field,
  follow,
  info,
  linked,
  type Make,
  type Server,
  Servers,
  text,
  writeLoad,
} from './repl-support.js';

/** Every pairing, both forms of a full sync; the real server is the judge of offsets and digests. */
const PAIRS: readonly (readonly [primary: Make, replica: Make, diskless: 'yes' | 'no'])[] = [
  ['real', 'embedded', 'yes'],
  ['real', 'embedded', 'no'],
  ['embedded', 'real', 'yes'],
  ['embedded', 'embedded', 'yes'],
];

async function syncsAsked(primary: Server): Promise<number> {
  return Number((await info(primary, 'stats')).get('sync_full'));
}

describe('a replica gets everything and keeps up', function () {
  const servers = new Servers();
  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  afterEach(() => servers.stop());

  for (const [primaryMake, replicaMake, diskless] of PAIRS) {
    const pair = `${replicaMake} replica of ${primaryMake} primary, repl-diskless-sync ${diskless}`;

    it(`${pair}: equal data and offsets under writes`, async () => {
      const config = { 'repl-diskless-sync': diskless };
      const primary = await servers.start(primaryMake, config);
      const replica = await servers.start(replicaMake, config);
      await primary.client.call('SET', 'bytes', '\x00\r\n\xff');
      await primary.client.call('SET', 'dying', '1', 'PX', '100000');
      for (let db = 0; db < 3; db++) {
        await primary.client.call('SELECT', String(db));
        for (let at = 0; at < 500; at++) {
          void primary.client.call('SET', `before:${db}:${at}`, 'v'.repeat(at));
        }
      }
      await replica.client.call('SET', 'stale', 'goes away');
      const load = writeLoad(primary, 1);
      await follow(replica, primary);
      await linked(replica);
      expect(await load.stop()).to.be.greaterThan(0);
      await equal(primary, replica);
      await replica.client.call('SELECT', '0');
      expect(await text(replica, 'EXISTS', 'stale')).to.equal(':0');
      expect(await field(replica, 'master_replid')).to.equal(await field(primary, 'master_replid'));
    });
  }

  for (const diskless of ['yes', 'no']) {
    it(`repl-diskless-sync ${diskless}: equal data by SYNC where PSYNC is refused, also after a cut`, async () => {
      const primary = await servers.start('real', { 'repl-diskless-sync': diskless });
      await primary.client.call('ACL', 'SETUSER', 'default', '-psync');
      const replica = await servers.start('embedded');
      const load = writeLoad(primary, 2);
      await follow(replica, primary);
      await linked(replica);
      const before = await syncsAsked(primary);
      await primary.client.call('CLIENT', 'KILL', 'TYPE', 'replica');
      await waitUntil('it asks again', async () => (await syncsAsked(primary)) > before);
      await load.stop();
      await waitUntil('the replica has all', async () => {
        return (
          (await text(replica, 'DEBUG', 'DIGEST')) === (await text(primary, 'DEBUG', 'DIGEST'))
        );
      });
      await linked(replica);
      expect(await replica.client.call('SET', 'a', '1')).to.have.property('kind', 'error');
    });
  }

  it('counts what replication sends, receives and keeps', async () => {
    const [primary, replica] = [await servers.start('embedded'), await servers.start('embedded')];
    await follow(replica, primary);
    await linked(replica);
    const stat = async (server: typeof primary, section: string, name: string): Promise<number> =>
      Number(new RegExp(`\\n${name}:(\\d+)`).exec(await text(server, 'INFO', section))?.[1]);
    const sent = await stat(primary, 'stats', 'total_net_repl_output_bytes');
    const received = await stat(replica, 'stats', 'total_net_repl_input_bytes');
    await primary.client.call('SET', 'big', 'x'.repeat(100_000));
    await equal(primary, replica);
    const sentNow = await stat(primary, 'stats', 'total_net_repl_output_bytes');
    const receivedNow = await stat(replica, 'stats', 'total_net_repl_input_bytes');
    expect(sentNow - sent).to.be.within(100_000, 101_000);
    expect(receivedNow - received).to.be.within(100_000, 101_000);
    expect(await stat(primary, 'memory', 'mem_replication_backlog')).to.be.within(100_000, 150_000);
    expect(await stat(primary, 'stats', 'total_net_repl_input_bytes')).to.equal(0);
  });

  it('an embedded primary shows its real replica as a real one shows it', async () => {
    const primary = await servers.start('embedded');
    const replica = await servers.start('real');
    await follow(replica, primary);
    await linked(replica);
    await waitUntil('the replica has acknowledged all', async () => {
      return (await field(primary, 'slave0')).includes(
        `offset=${await field(primary, 'master_repl_offset')},`,
      );
    });
    expect(await field(primary, 'slave0')).to.match(
      new RegExp(`^ip=127.0.0.1,port=${replica.port},state=online,offset=\\d+,lag=[01]$`),
    );
    expect(await text(primary, 'ROLE')).to.match(/^array\[\$"master", :\d+, array\[array\[\$"127/);
    expect(await text(primary, 'WAIT', '1', '0')).to.equal(':1');
  });

  it('INFO replication has the fields of redis-server, in their order, in both roles', async () => {
    for (const primaryMake of ['real', 'embedded'] as const) {
      const primary = await servers.start(primaryMake);
      const real = await servers.start('real');
      const embedded = await servers.start('embedded');
      for (const replica of [real, embedded]) {
        await follow(replica, primary);
        await linked(replica);
      }
      expect([...(await info(embedded)).keys()]).to.deep.equal([...(await info(real)).keys()]);
    }
  });
});
