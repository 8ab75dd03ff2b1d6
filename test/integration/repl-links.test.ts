import { expect } from 'chai';
import { RespClient, show } from '../node/resp-client.js';
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

const PAIRS: readonly (readonly [primary: Make, replica: Make])[] = [
  ['real', 'embedded'],
  ['embedded', 'real'],
  ['embedded', 'embedded'],
];

async function count(server: Server, name: string): Promise<number> {
  return Number((await info(server, 'stats')).get(name));
}

describe('replication links break and mend', function () {
  const servers = new Servers();
  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  afterEach(() => servers.stop());

  async function startPair(
    primaryMake: Make,
    replicaMake: Make,
    config: Readonly<Record<string, string>> = {},
  ): Promise<{ primary: Server; replica: Server }> {
    const primary = await servers.start(primaryMake, config);
    const replica = await servers.start(replicaMake, config);
    await follow(replica, primary);
    await linked(replica);
    return { primary, replica };
  }

  for (const [primaryMake, replicaMake] of PAIRS) {
    const pair = `${replicaMake} replica of ${primaryMake} primary`;

    it(`${pair}: after a cut it goes on where it was, and copies nothing twice`, async () => {
      const { primary, replica } = await startPair(primaryMake, replicaMake);
      const load = writeLoad(primary, 7);
      for (let cut = 0; cut < 3; cut++) {
        const before = await count(primary, 'sync_partial_ok');
        await primary.client.call('CLIENT', 'KILL', 'TYPE', 'replica');
        await waitUntil('the replica is back', async () => {
          return (await count(primary, 'sync_partial_ok')) > before;
        });
        await linked(replica);
      }
      await load.stop();
      await equal(primary, replica);
      expect(await count(primary, 'sync_full')).to.equal(1);
    });

    it(`${pair}: roles change places by REPLICAOF, and nothing is copied`, async () => {
      const { primary, replica } = await startPair(primaryMake, replicaMake);
      await primary.client.call('SET', 'a', '1');
      await equal(primary, replica);
      const oldId = await field(primary, 'master_replid');
      await replica.client.call('REPLICAOF', 'NO', 'ONE');
      expect(await field(replica, 'master_replid2')).to.equal(oldId);
      expect(await field(replica, 'master_replid')).not.to.equal(oldId);
      expect(Number(await field(replica, 'second_repl_offset'))).to.equal(
        Number(await field(replica, 'master_repl_offset')) + 1,
      );
      await follow(primary, replica);
      await linked(primary);
      await replica.client.call('SET', 'b', '2');
      await equal(replica, primary);
      expect(await count(replica, 'sync_full')).to.equal(0);
      expect(await count(replica, 'sync_partial_ok')).to.equal(1);
      expect(await field(primary, 'master_replid')).to.equal(await field(replica, 'master_replid'));
      expect(await text(primary, 'SET', 'c', '3')).to.match(/^-READONLY/);
    });
  }

  for (const middle of ['embedded', 'real'] as const) {
    const [top, bottom]: readonly Make[] =
      middle === 'real' ? ['embedded', 'embedded'] : ['real', 'real'];
    it(`a chain ${top} -> ${middle} -> ${bottom}: every byte reaches the end, and the end survives a promotion`, async () => {
      const first = await servers.start(top!);
      const second = await servers.start(middle);
      const third = await servers.start(bottom!);
      const load = writeLoad(first, 3);
      await follow(second, first);
      await linked(second);
      await follow(third, second);
      await linked(third);
      await load.stop();
      await equal(first, second, third);
      const full = await count(second, 'sync_full');
      await second.client.call('REPLICAOF', 'NO', 'ONE');
      await second.client.call('SELECT', '2');
      await second.client.call('SET', 'after', 'promotion');
      await equal(second, third);
      expect(await count(second, 'sync_full')).to.equal(full);
      expect(await field(third, 'master_replid')).to.equal(await field(second, 'master_replid'));
    });
  }

  for (const make of ['real', 'embedded'] as const) {
    it(`WAIT of a ${make} primary answers when a replica holds the client's writes, and with what there is at its deadline`, async () => {
      const { primary, replica } = await startPair(make, 'real');
      await primary.client.call('SET', 'a', '1');
      expect(await text(primary, 'WAIT', '1', '0')).to.equal(':1');
      expect(await text(primary, 'WAIT', '2', '50')).to.equal(':1');
      replica.signal('SIGSTOP');
      await primary.client.call('SET', 'a', '2');
      expect(await text(primary, 'WAIT', '1', '50')).to.equal(':0');
      const other = await RespClient.open(primary.port);
      // It has written nothing, and knows of nothing until it asks for something.
      expect(show(await other.call('WAIT', '1', '50'))).to.equal(':1');
      expect(show(await other.call('GET', 'a'))).to.equal('$"2"');
      expect(show(await other.call('WAIT', '1', '50'))).to.equal(':0');
      other.close();
      replica.signal('SIGCONT');
      expect(await text(primary, 'WAIT', '1', '0')).to.equal(':1');
      expect(await text(replica, 'WAIT', '1', '0')).to.match(
        /^-ERR WAIT cannot be used with replica/,
      );
    });
  }

  it('an embedded replica answers the WAIT of a real primary', async () => {
    const { primary, replica } = await startPair('real', 'embedded');
    for (let at = 0; at < 20; at++) await primary.client.call('SET', 'a', String(at));
    expect(await text(primary, 'WAIT', '1', '5000')).to.equal(':1');
    expect(await text(replica, 'GET', 'a')).to.equal('19');
  });

  for (const [primaryMake, replicaMake] of PAIRS) {
    it(`${replicaMake} replica of ${primaryMake} primary: a wrong masterauth keeps the link down, the right one mends it`, async () => {
      const primary = await servers.start(primaryMake);
      const replica = await servers.start(replicaMake, { masterauth: 'wrong' });
      await primary.client.call('SET', 'a', '1');
      await primary.client.call('CONFIG', 'SET', 'requirepass', 'secret');
      await follow(replica, primary);
      await waitUntil('the primary has refused a password', async () => {
        const refused = await text(primary, 'INFO', 'commandstats');
        return /cmdstat_auth:.*failed_calls=[1-9]/.test(refused);
      });
      expect(await field(replica, 'master_link_status')).to.equal('down');
      await replica.client.call('CONFIG', 'SET', 'masterauth', 'secret');
      await linked(replica);
      expect(await text(replica, 'GET', 'a')).to.equal('1');
    });
  }

  for (const [primaryMake, replicaMake] of [
    ['real', 'embedded'],
    ['real', 'real'],
  ] as const) {
    it(`${replicaMake} replica of ${primaryMake} primary: masteruser with masterauth needs no more than the rights of a replica`, async () => {
      const primary = await servers.start(primaryMake);
      await primary.client.call('ACL', 'SETUSER', 'default', 'resetpass', '>root');
      await primary.client.call('AUTH', 'root');
      const rights = ['on', '>secret', '+psync', '+replconf', '+ping'];
      await primary.client.call('ACL', 'SETUSER', 'copy', ...rights);
      await primary.client.call('SET', 'a', '1');
      const replica = await servers.start(replicaMake, {
        masteruser: 'copy',
        masterauth: 'secret',
      });
      await follow(replica, primary);
      await linked(replica);
      await primary.client.call('SET', 'b', '1');
      await equal(primary, replica);
    });
  }

  it('a primary that stalls is left, and followed again without a copy when it wakes', async () => {
    const { primary, replica } = await startPair('real', 'embedded', { 'repl-timeout': '2' });
    await primary.client.call('CONFIG', 'SET', 'repl-ping-replica-period', '1');
    primary.signal('SIGSTOP');
    await waitUntil('the link is given up', async () => {
      return (await field(replica, 'master_link_status')) === 'down';
    });
    primary.signal('SIGCONT');
    await linked(replica);
    await primary.client.call('SET', 'a', '1');
    await equal(primary, replica);
    expect(await count(primary, 'sync_full')).to.equal(1);
  });

  it('a replica that stalls is dropped, and comes back without a copy', async () => {
    const { primary, replica } = await startPair('embedded', 'real', {
      'repl-timeout': '2',
      'repl-ping-replica-period': '1',
    });
    replica.signal('SIGSTOP');
    await waitUntil('the replica is dropped', async () => {
      return (await field(primary, 'connected_slaves')) === '0';
    });
    await primary.client.call('SET', 'a', '1');
    replica.signal('SIGCONT');
    await linked(replica);
    await equal(primary, replica);
    expect(await count(primary, 'sync_full')).to.equal(1);
  });

  it('min-replicas-to-write counts replicas by their lag, and refuses writes without enough', async () => {
    const { primary, replica } = await startPair('embedded', 'real', {
      'min-replicas-to-write': '1',
      'min-replicas-max-lag': '1',
    });
    await waitUntil('the replica counts', async () => {
      return (await field(primary, 'min_slaves_good_slaves')) === '1';
    });
    expect(await text(primary, 'SET', 'a', '1')).to.equal('OK');
    replica.signal('SIGSTOP');
    await waitUntil('writes are refused', async () => {
      return (await text(primary, 'SET', 'a', '2')).startsWith('-NOREPLICAS');
    });
    replica.signal('SIGCONT');
  });

  it('replica-serve-stale-data no: a replica without its primary answers MASTERDOWN', async () => {
    const { primary, replica } = await startPair('real', 'embedded', {
      'replica-serve-stale-data': 'no',
    });
    expect(await text(replica, 'GET', 'a')).to.equal('nil-bulk');
    await primary.stop();
    await waitUntil('the replica notices', async () => {
      return (await text(replica, 'GET', 'a')).startsWith('-MASTERDOWN');
    });
    expect(await text(replica, 'REPLICAOF', 'NO', 'ONE')).to.equal('OK');
    expect(await text(replica, 'GET', 'a')).to.equal('nil-bulk');
  });

  it('replicaof in the configuration is followed from the start', async () => {
    const primary = await servers.start('real');
    await primary.client.call('SET', 'a', '1');
    const replica = await servers.start('embedded', { replicaof: `127.0.0.1 ${primary.port}` });
    await linked(replica);
    expect(await text(replica, 'GET', 'a')).to.equal('1');
    expect(await text(replica, 'ROLE')).to.match(
      /^array\[\$"slave", \$"127.0.0.1", :\d+, \$"connected", :\d+\]$/,
    );
  });
});
