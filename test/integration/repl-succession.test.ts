/**
 * Who succeeds a primary takes its history along: siblings and the old primary go on from where they are,
 * whatever make they are of, and nothing is copied.
 */
import { expect } from 'chai';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { form, lineAbout, type Peer, PeerPool, settled } from './bus-cluster.js';
import { ClusterLoad } from './slots-load.js';

describe('succession in a cluster', function () {
  this.timeout(90_000);
  const pool = new PeerPool();
  before(function () {
    if (!hasRedisServer()) this.skip();
  });

  async function infoField(peer: Peer, section: string, name: string): Promise<string> {
    const lines = (await peer.ask('INFO', section)).split('\r\n');
    return lines.find((line) => line.startsWith(`${name}:`))!.slice(name.length + 1);
  }

  const count = async (peer: Peer, name: string): Promise<number> =>
    Number(await infoField(peer, 'stats', name));

  /** One shard of three of both makes, and two voters without replicas. */
  async function shard(kinds: readonly Peer['kind'][]): Promise<{ members: Peer[]; all: Peer[] }> {
    const all = await pool.start([...kinds, 'embedded', 'real'], {
      nodeTimeoutMs: 2000,
      config: { 'enable-debug-command': 'local' },
    });
    const members = all.slice(0, kinds.length);
    const [first, ...others] = members as [Peer, ...Peer[]];
    await form(
      [first, ...all.slice(kinds.length)],
      others.map((peer) => ({ peer, of: first })),
      [
        [0, 16_000],
        [16_001, 16_200],
        [16_201, 16_383],
      ],
    );
    await settled(all);
    await following(first, others);
    return { members, all };
  }

  async function following(primary: Peer, replicas: readonly Peer[]): Promise<void> {
    for (const replica of replicas) {
      await waitUntil(
        `${replica.kind} ${replica.port} follows ${primary.kind} ${primary.port}`,
        async () => {
          const port = await infoField(replica, 'replication', 'master_port');
          const link = await infoField(replica, 'replication', 'master_link_status');
          return port === String(primary.port) && link === 'up';
        },
      );
    }
  }

  async function equal(primary: Peer, replicas: readonly Peer[]): Promise<void> {
    for (const replica of replicas) {
      await waitUntil(`${replica.port} is as far as ${primary.port}`, async () => {
        const [here, there] = await Promise.all(
          [primary, replica].map(async (peer) => [
            await infoField(peer, 'replication', 'master_repl_offset'),
            await infoField(peer, 'replication', 'master_replid'),
            await peer.ask('DEBUG', 'DIGEST'),
          ]),
        );
        return String(here) === String(there);
      });
    }
  }

  it('CLUSTER FAILOVER from one to the next under load: nothing lost, nothing copied', async () => {
    const { members, all } = await shard(['embedded', 'real', 'embedded']);
    const load = new ClusterLoad(members[0]!.port, 30);
    try {
      await load.fill();
      const copied = await Promise.all(members.map((peer) => count(peer, 'sync_full')));
      load.start();
      // Nobody twice: voters do not vote again about the same primary so soon.
      for (const heir of [members[1]!, members[2]!, members[0]!]) {
        expect(await heir.ask('CLUSTER', 'FAILOVER')).to.equal('+OK');
        await waitUntil(`${heir.kind} ${heir.port} has taken over`, async () => {
          return (await lineAbout(heir, heir))!.flags.includes('master');
        });
        await following(
          heir,
          members.filter((peer) => peer !== heir),
        );
      }
      await load.stop();
      expect(await load.lost()).to.deep.equal([]);
      await settled(all);
      await equal(members[0]!, members.slice(1));
      const after = await Promise.all(members.map((peer) => count(peer, 'sync_full')));
      expect(after).to.deep.equal(copied);
    } finally {
      await load.stop();
      load.close();
    }
  });

  for (const kinds of [
    ['real', 'embedded', 'real'],
    ['embedded', 'real', 'embedded'],
  ] as const) {
    it(`death of a ${kinds[0]} primary: the sibling goes on with the heir`, async () => {
      const { members } = await shard(kinds);
      const [first, ...others] = members as [Peer, Peer, Peer];
      for (let at = 0; at < 200; at++) await first.ask('SET', `foo${at}`, 'v');
      await equal(first, others);
      await first.kill();
      let heir: Peer | undefined;
      await waitUntil('somebody has taken over', async () => {
        for (const peer of others) {
          if ((await lineAbout(peer, peer))!.flags.includes('master')) heir = peer;
        }
        return heir !== undefined;
      });
      const sibling = others.find((peer) => peer !== heir)!;
      await following(heir!, [sibling]);
      await equal(heir!, [sibling]);
      expect(await count(heir!, 'sync_full')).to.equal(0);
      expect(await count(heir!, 'sync_partial_ok')).to.equal(1);
    });
  }
});
