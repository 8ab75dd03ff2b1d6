/** Who belongs to a cluster of both kinds: forgetting, restarting, resetting, epochs, messages. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after } from 'mocha';
import { RespClient, show } from '../node/resp-client.js';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import {
  type Peer,
  PeerPool,
  agreedView,
  expectOk,
  form,
  infoOf,
  lineAbout,
  linesOf,
  settled,
} from './bus-cluster.js';

describe('membership in a mixed cluster', function () {
  if (!hasRedisServer()) return;
  this.timeout(60_000);
  const pool = new PeerPool();
  const folders: string[] = [];
  const folder = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'trib-bus-'));
    folders.push(path);
    return path;
  };
  afterEach(() => pool.stop());
  after(() => {
    for (const path of folders) rmSync(path, { recursive: true, force: true });
  });

  it('a forgotten node stays forgotten while others still gossip about it, and MEET brings it back', async () => {
    const [ours, theirs, gone] = (await pool.start(['embedded', 'real', 'embedded'], {
      nodeTimeoutMs: 500,
    })) as [Peer, Peer, Peer];
    await form([ours, theirs, gone]);
    const before = Number(await infoOf(theirs, 'cluster_stats_messages_ping_sent'));
    await expectOk(ours, 'CLUSTER', 'FORGET', gone.id);
    // Every one of these pings may carry gossip about the forgotten node.
    await waitUntil('twenty more pings have been sent', async () => {
      expect(await lineAbout(ours, gone)).to.equal(undefined);
      return Number(await infoOf(theirs, 'cluster_stats_messages_ping_sent')) > before + 20;
    });
    expect(await infoOf(ours, 'cluster_state')).to.equal('fail');
    await expectOk(ours, 'CLUSTER', 'MEET', '127.0.0.1', String(gone.port));
    await settled([ours, theirs, gone]);
  });

  it('remembers the cluster in nodes.conf, and a real server reads the file', async () => {
    const [dir, copy] = [folder(), folder()];
    const [theirs, other] = (await pool.start(['real', 'embedded'])) as [Peer, Peer];
    const ours = await pool.embedded({ dir });
    await form([ours, theirs, other]);
    await expectOk(ours, 'CLUSTER', 'SETSLOT', '7', 'MIGRATING', theirs.id);
    const view = await agreedView([ours, theirs, other]);
    await ours.kill();

    const again = await pool.embedded({ dir, port: ours.port });
    expect(again.id).to.equal(ours.id);
    expect(await again.ask('CLUSTER', 'NODES')).to.contain(`[7->-${theirs.id}]`);
    await settled([again, theirs, other]);
    expect(await agreedView([again, theirs, other])).to.equal(view);
    await again.kill();

    copyFileSync(join(dir, 'nodes.conf'), join(copy, 'nodes.conf'));
    const real = await pool.real({ dir: copy, port: ours.port });
    expect(real.id).to.equal(ours.id);
    expect(await real.ask('CLUSTER', 'NODES')).to.contain(`[7->-${theirs.id}]`);
    await settled([real, theirs, other]);
    expect(await agreedView([real, theirs, other])).to.equal(view);
  });

  it('wakes up with the nodes.conf of a real server', async () => {
    const [dir, copy] = [folder(), folder()];
    const [other, replicaOf] = (await pool.start(['embedded', 'real'])) as [Peer, Peer];
    const theirs = await pool.real({ dir });
    const replicaDir = folder();
    const replica = await pool.real({ dir: replicaDir });
    await form([theirs, other, replicaOf], [{ peer: replica, of: replicaOf }]);
    const all = [theirs, other, replicaOf, replica];
    const view = await agreedView(all);
    await theirs.kill();
    await replica.kill();
    for (const [from, port, id] of [
      [dir, theirs.port, theirs.id],
      [replicaDir, replica.port, replica.id],
    ] as const) {
      const to = from === dir ? copy : folder();
      copyFileSync(join(from, 'nodes.conf'), join(to, 'nodes.conf'));
      const ours = await pool.embedded({ dir: to, port });
      expect(ours.id).to.equal(id);
      all[all.findIndex((peer) => peer.id === id)] = ours;
    }
    await settled(all);
    expect(await agreedView(all)).to.equal(view);
    expect(readFileSync(join(copy, 'nodes.conf'), 'utf8')).to.match(/^vars currentEpoch \d+ /m);
  });

  it('primaries with one config epoch end with different ones', async () => {
    const peers = await pool.start(['embedded', 'real', 'embedded', 'real']);
    // No SET-CONFIG-EPOCH: all start with 0, and collide.
    for (const peer of peers.slice(1)) {
      await expectOk(peers[0]!, 'CLUSTER', 'MEET', '127.0.0.1', String(peer.port));
    }
    for (const [index, peer] of peers.entries()) {
      const first = index * 4096;
      await expectOk(peer, 'CLUSTER', 'ADDSLOTSRANGE', String(first), String(first + 4095));
    }
    await settled(peers);
    await waitUntil('all epochs differ', async () => {
      const epochs = (await linesOf(peers[0]!)).map(({ epoch }) => epoch);
      return new Set(epochs).size === epochs.length;
    });
    await settled(peers);
  });

  it('RESET SOFT keeps id and epoch, HARD takes new ones, and both leave the cluster', async () => {
    for (const kind of ['embedded', 'real'] as const) {
      const [node, other] = (await pool.start([kind, 'real'])) as [Peer, Peer];
      await form([node, other]);
      const epoch = await infoOf(node, 'cluster_current_epoch');
      await expectOk(node, 'CLUSTER', 'RESET', 'SOFT');
      // The other still pings it; that alone brings nobody back.
      const lines = await linesOf(node);
      expect(lines).to.have.length(1);
      expect(lines[0]).to.include({ id: node.id, slots: '' });
      expect(await infoOf(node, 'cluster_current_epoch')).to.equal(epoch);
      await expectOk(node, 'CLUSTER', 'RESET', 'HARD');
      const [line] = await linesOf(node);
      expect(line!.id)
        .to.match(/^[0-9a-f]{40}$/)
        .and.not.equal(node.id);
      expect(await infoOf(node, 'cluster_current_epoch')).to.equal('0');
      await pool.stop();
    }
  });

  it('a node that was reset hard is met again under its new id', async () => {
    const [ours, theirs] = (await pool.start(['embedded', 'real'])) as [Peer, Peer];
    await form([theirs, ours]);
    await expectOk(ours, 'CLUSTER', 'RESET', 'HARD');
    await expectOk(theirs, 'CLUSTER', 'FORGET', ours.id);
    await expectOk(theirs, 'CLUSTER', 'MEET', '127.0.0.1', String(ours.port));
    const id = await ours.ask('CLUSTER', 'MYID');
    await waitUntil('the new id is known', async () => {
      expect((await lineAbout(theirs, id))?.flags.join()).to.equal('master');
      expect((await lineAbout(ours, theirs.id))?.flags.join()).to.equal('master');
      return true;
    });
  });

  it('PUBLISH reaches subscribers on every node, SPUBLISH those of the shard', async () => {
    const peers = await pool.start(['embedded', 'real']);
    const [ours, theirs] = peers as [Peer, Peer];
    await form([ours, theirs]);
    const heard: Promise<void>[] = [];
    for (const [speaker, listener] of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      const subscriber = await RespClient.open(listener.port);
      expect(show(await subscriber.call('SUBSCRIBE', 'news'))).to.contain('news');
      await speaker.ask('PUBLISH', 'news', `from ${speaker.kind}`);
      heard.push(
        waitUntil(`${listener.kind} hears ${speaker.kind}`, () =>
          subscriber.unasked.some((push) => show(push).includes(`from ${speaker.kind}`)),
        ).finally(() => subscriber.close()),
      );
    }
    await Promise.all(heard);
  });

  it('SPUBLISH travels between primary and replica of both kinds', async () => {
    const [ours, theirs, ourReplica, theirReplica] = (await pool.start([
      'embedded',
      'real',
      'embedded',
      'real',
    ])) as [Peer, Peer, Peer, Peer];
    await form(
      [ours, theirs],
      [
        { peer: theirReplica, of: ours },
        { peer: ourReplica, of: theirs },
      ],
    );
    for (const [primary, replica] of [
      [ours, theirReplica],
      [theirs, ourReplica],
    ] as const) {
      const channel = await channelOf(primary);
      const subscriber = await RespClient.open(replica.port);
      expect(show(await subscriber.call('SSUBSCRIBE', channel))).to.contain(channel);
      await primary.ask('SPUBLISH', channel, 'hello');
      await waitUntil(`the ${replica.kind} replica hears`, () =>
        subscriber.unasked.some((push) => show(push).includes('hello')),
      );
      subscriber.close();
    }
  });
});

/** A channel whose slot the primary owns. */
async function channelOf(primary: Peer): Promise<string> {
  for (let number = 0; ; number++) {
    const answer = await primary.ask('SPUBLISH', `channel${number}`, 'probe');
    if (!answer.startsWith('-MOVED')) return `channel${number}`;
  }
}
