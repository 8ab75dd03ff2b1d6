/** Death, votes and failovers across the two kinds of node: each side buries and elects the other. */
import { expect } from 'chai';
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
  settled,
} from './bus-cluster.js';

type Kind = Peer['kind'];

const KINDS: readonly Kind[] = ['embedded', 'real'];

describe('failover in a mixed cluster', function () {
  if (!hasRedisServer()) return;
  this.timeout(60_000);
  const pool = new PeerPool();
  afterEach(() => pool.stop());

  /** Three primaries, and a replica of the first; the voters are of both kinds. */
  async function shard(primaryKind: Kind, replicaKind: Kind) {
    const peers = await pool.start([primaryKind, 'embedded', 'real', replicaKind], {
      nodeTimeoutMs: 800,
      // Whoever has no data yet may stand: what is tested is who votes and who believes.
      config: { 'cluster-replica-validity-factor': '0' },
    });
    const [primary, voter, otherVoter, replica] = peers as [Peer, Peer, Peer, Peer];
    await form([primary, voter, otherVoter], [{ peer: replica, of: primary }]);
    return { primary, replica, voters: [voter, otherVoter], peers };
  }

  for (const primaryKind of KINDS) {
    for (const replicaKind of KINDS) {
      it(`a dead ${primaryKind} primary is replaced by its ${replicaKind} replica`, async () => {
        const { primary, replica, voters } = await shard(primaryKind, replicaKind);
        const slots = (await lineAbout(replica, primary))!.slots;
        await primary.kill();
        const survivors = [replica, ...voters];
        await waitUntil('the replica owns the slots, in every view', async () => {
          for (const peer of survivors) {
            const [heir, dead] = [await lineAbout(peer, replica), await lineAbout(peer, primary)];
            expect(heir?.slots).to.equal(slots);
            expect(heir?.flags.join()).to.equal('master');
            expect(dead?.flags).to.include('fail');
            expect(await infoOf(peer, 'cluster_state')).to.equal('ok');
          }
          return true;
        });
        const epochs = await Promise.all(
          survivors.map((peer) => lineAbout(peer, replica).then((line) => line!.epoch)),
        );
        expect(new Set(epochs).size, 'one epoch for the heir').to.equal(1);
        expect(epochs[0]).to.be.greaterThan(4);
      });
    }
  }

  for (const how of ['FORCE', 'TAKEOVER'] as const) {
    for (const [primaryKind, replicaKind] of [
      ['real', 'embedded'],
      ['embedded', 'real'],
    ] as const) {
      it(`${how}: a replica (${replicaKind}) takes over from its live primary (${primaryKind})`, async () => {
        const { primary, replica, peers } = await shard(primaryKind, replicaKind);
        await expectOk(replica, 'CLUSTER', 'FAILOVER', how);
        await waitUntil('roles are swapped in every view', async () => {
          for (const peer of peers) {
            expect((await lineAbout(peer, replica))!.flags.join()).to.equal('master');
            expect((await lineAbout(peer, primary))!.primary).to.equal(replica.id);
          }
          return true;
        });
        await settled(peers);
      });
    }
  }

  it('a primary that comes back is a replica of its heir', async () => {
    const { primary, replica, voters } = await shard('real', 'embedded');
    primary.real!.signal('SIGSTOP');
    await waitUntil('the replica has taken over', async () =>
      (await lineAbout(voters[0]!, replica))!.flags.includes('master'),
    );
    primary.real!.signal('SIGCONT');
    const all = [primary, replica, ...voters];
    await settled(all);
    expect(await agreedView(all)).to.contain(`slave ${replica.id.slice(0, 8)}`);
  });
});
