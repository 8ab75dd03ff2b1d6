/** How a primary makes the snapshots of full syncs: straight to the sockets or by a file, one for all that wait. */
import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { RespClient } from '../node/resp-client.js';
import { equal, field, follow, info, linked, type Server, Servers, text } from './repl-support.js';

describe('the snapshots of an embedded primary', function () {
  const servers = new Servers();
  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  afterEach(() => servers.stop());

  async function fill(primary: Server, keys: number): Promise<void> {
    const said = [];
    for (let at = 0; at < keys; at++) {
      said.push(primary.client.call('SET', `key:${at}`, 'v'.repeat(100)));
    }
    await Promise.all(said);
  }

  const snapshotsMade = ({ log }: Server): number =>
    log.filter((line) => line.includes('Everything as of offset')).length;

  async function startReplicas(primary: Server): Promise<Server[]> {
    const replicas = [
      await servers.start('real'),
      await servers.start('real'),
      await servers.start('embedded'),
    ];
    await Promise.all(replicas.map((replica) => follow(replica, primary)));
    return replicas;
  }

  it('repl-diskless-sync-delay: those who come meanwhile share one', async () => {
    const primary = await servers.start('embedded', { 'repl-diskless-sync-delay': '2' });
    await fill(primary, 2000);
    const replicas = await startReplicas(primary);
    await waitUntil('all have asked', async () => {
      return (await info(primary, 'stats')).get('sync_full') === '3';
    });
    expect(await text(primary, 'INFO', 'replication')).to.match(/slave2:.*state=wait_bgsave/);
    // What is written before the snapshot begins must not come twice.
    await primary.client.call('INCR', 'counter');
    for (const replica of replicas) await linked(replica);
    await primary.client.call('INCR', 'counter');
    await equal(primary, ...replicas);
    expect(snapshotsMade(primary)).to.equal(1);
  });

  it('repl-diskless-sync-max-replicas: enough of them need not wait', async () => {
    const primary = await servers.start('embedded', {
      'repl-diskless-sync-delay': '3600',
      'repl-diskless-sync-max-replicas': '3',
    });
    await fill(primary, 100);
    const replicas = await startReplicas(primary);
    for (const replica of replicas) await linked(replica);
    await equal(primary, ...replicas);
    expect(snapshotsMade(primary)).to.equal(1);
  });

  it('repl-diskless-sync no: a file is made, and those who come while it is made share it', async () => {
    const primary = await servers.start('embedded', { 'repl-diskless-sync': 'no' });
    const dir = primary.node!.dir;
    await fill(primary, 20_000);
    const counter = await RespClient.open(primary.port);
    const over = new AbortController();
    let seen = 0;
    const counting = (async (): Promise<void> => {
      while (!over.signal.aborted) {
        await counter.call('INCR', 'counter');
        if (readdirSync(dir).some((name) => /^temp-sync-.*\.rdb$/.test(name))) seen++;
      }
    })();
    const replicas = await startReplicas(primary);
    for (const replica of replicas) await linked(replica);
    over.abort();
    await counting;
    counter.close();
    await equal(primary, ...replicas);
    expect(seen).to.be.greaterThan(0);
    expect(snapshotsMade(primary)).to.be.lessThan(3);
    await waitUntil('the file is gone', () => readdirSync(dir).every((name) => !/temp/.test(name)));
    for (const replica of replicas) {
      expect(await field(replica, 'master_replid')).to.equal(await field(primary, 'master_replid'));
    }
  });

  it('a file that cannot be written: the replica is sent away, and comes again', async () => {
    const primary = await servers.start('embedded', {
      'repl-diskless-sync': 'no',
      'enable-protected-configs': 'yes',
    });
    await fill(primary, 10);
    await primary.client.call('CONFIG', 'SET', 'dir', '/proc');
    const replica = await servers.start('real');
    await follow(replica, primary);
    await waitUntil('it failed', () =>
      primary.log.some((line) => /snapshot for 1 .*failed/.test(line)),
    );
    await primary.client.call('CONFIG', 'SET', 'repl-diskless-sync', 'yes');
    await linked(replica);
    await equal(primary, replica);
  });

  it('a replica that stands still does not keep the others from theirs for ever', async () => {
    const primary = await servers.start('embedded', { 'repl-timeout': '2' });
    for (let at = 0; at < 300; at++) {
      await primary.client.call('SET', `big:${at}`, 'v'.repeat(100_000));
    }
    const [sleeper, other] = [await servers.start('real'), await servers.start('real')];
    await primary.client.call('CONFIG', 'SET', 'repl-diskless-sync-delay', '1');
    await follow(sleeper, primary);
    await follow(other, primary);
    await waitUntil('both wait', async () => (await field(primary, 'connected_slaves')) === '2');
    sleeper.signal('SIGSTOP');
    await linked(other);
    sleeper.signal('SIGCONT');
    await linked(sleeper);
    await equal(primary, sleeper, other);
  });
});
