/** Failovers that keep the data: what was acknowledged before is there after, on either kind of heir. */
import { expect } from 'chai';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { type Peer, PeerPool, expectOk, form, lineAbout, settled } from './bus-cluster.js';

const KEYS = 200;

describe('failover with data in a mixed cluster', function () {
  if (!hasRedisServer()) return;
  this.timeout(60_000);
  const pool = new PeerPool();
  afterEach(() => pool.stop());

  /** One shard holds all keys under one tag; the other two primaries vote. */
  async function shard(primaryKind: Peer['kind'], replicaKind: Peer['kind']) {
    const peers = await pool.start([primaryKind, 'embedded', 'real', replicaKind], {
      nodeTimeoutMs: 800,
    });
    const [primary, voter, otherVoter, replica] = peers as [Peer, Peer, Peer, Peer];
    // {a} hashes to 15495.
    await form(
      [primary, voter, otherVoter],
      [{ peer: replica, of: primary }],
      [
        [10_923, 16_383],
        [0, 5460],
        [5461, 10_922],
      ],
    );
    await waitUntil('the replica is in sync', async () =>
      (await replica.ask('INFO', 'replication')).includes('master_link_status:up'),
    );
    return { primary, replica, voters: [voter, otherVoter], peers };
  }

  async function write(primary: Peer, from: number): Promise<void> {
    for (let number = from; number < from + KEYS; number++) {
      await expectOk(primary, 'SET', `{a}${number}`, `value ${number}`);
    }
  }

  async function expectKeys(primary: Peer, count: number): Promise<void> {
    for (let number = 0; number < count; number++) {
      expect(await primary.ask('GET', `{a}${number}`)).to.equal(`value ${number}`);
    }
  }

  for (const [primaryKind, replicaKind] of [
    ['embedded', 'real'],
    ['real', 'embedded'],
    ['embedded', 'embedded'],
  ] as const) {
    it(`CLUSTER FAILOVER hands over from ${primaryKind} to ${replicaKind} and back, with writes in between`, async () => {
      const { primary, replica, peers } = await shard(primaryKind, replicaKind);
      await write(primary, 0);
      for (const [from, to, count] of [
        [primary, replica, KEYS],
        [replica, primary, 2 * KEYS],
      ] as const) {
        await expectOk(to, 'CLUSTER', 'FAILOVER');
        await waitUntil('the roles are swapped', async () => {
          expect((await lineAbout(to, to))!.flags.join()).to.equal('master');
          expect((await lineAbout(from, from))!.primary).to.equal(to.id);
          return true;
        });
        await settled(peers);
        await expectKeys(to, count);
        await write(to, count);
        await waitUntil('the new replica is in sync', async () => {
          const text = await from.ask('INFO', 'replication');
          return text.includes('master_link_status:up');
        });
        await to.ask('WAIT', '1', '5000');
      }
    });
  }

  for (const [primaryKind, replicaKind] of [
    ['embedded', 'real'],
    ['real', 'embedded'],
  ] as const) {
    it(`the ${replicaKind} heir of a dead ${primaryKind} primary has every acknowledged key`, async () => {
      const { primary, replica, voters } = await shard(primaryKind, replicaKind);
      await write(primary, 0);
      expect(await primary.ask('WAIT', '1', '5000')).to.equal(':1');
      await primary.kill();
      await waitUntil('the heir serves, in every view', async () => {
        for (const peer of [replica, ...voters]) {
          expect((await lineAbout(peer, replica))!.flags.join()).to.equal('master');
        }
        return (await replica.ask('GET', '{a}0')).startsWith('value');
      });
      await expectKeys(replica, KEYS);
      await write(replica, KEYS);
    });
  }
});
