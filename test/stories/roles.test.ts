/** Stories of roles: who may take over, who follows whom, and who must not be asked. */
import { expect } from 'chai';
import { diagnose } from '../../src/lib/cluster/diagnose.js';
import type { Claim } from '../../src/lib/cluster/model.js';
import { parseFacts } from '../../src/lib/cluster/facts.js';
import { parseClusterNodes } from '../../src/lib/cluster/nodes-reply.js';
import { buildView, makeClaim, membersOf } from '../../src/lib/cluster/view.js';
import { planAddNode } from '../../src/lib/plan/plan-add-node.js';
import { planDelNode } from '../../src/lib/plan/plan-removal.js';
import { ServerPool, addressOf, idOf as idAt } from '../integration/real-cluster.js';
import { hasRedisServer, redisCli } from '../support/real-server.js';
import { blankClaims, idOf, syntheticNodes, viewOf } from '../support/synthetic-view.js';
import { runTrib, tribJson } from '../cli/run-trib.js';
import { waitUntil } from '../support/wait.js';
import { makeCluster, replicasOf, writeTo } from './story-cluster.js';

/** A blank node whose id no cluster of these tests has. */
const newcomer = (): Claim => blankClaims(Array(99).fill({ host: '10.0.9.9' }))[98]!;

describe('stories of roles', () => {
  it('story 34: a newcomer of another major version is announced before it is met', () => {
    const nodes = syntheticNodes();
    for (const node of nodes) node.info['redis_version'] = '6.2.14';
    const other = newcomer();
    for (const [version, isTold] of [
      ['7.2.4', true],
      ['6.2.6', false],
    ] as const) {
      const claim = { ...other, facts: { ...other.facts, version } };
      const { plan } = planAddNode(viewOf(nodes), claim, { asReplica: false });
      const told = plan.remarks.join().includes(`runs ${version}`);
      expect(told, version).to.equal(isTold);
    }
  });

  it('story 37: a node that does not know its own address, or has only a TLS port, is named as it was reached', () => {
    for (const own of [':6901@16901', ':0@0', '10.0.0.7:0@16901']) {
      const reply = parseClusterNodes(`${idOf(1)} ${own} myself,master - 0 0 0 connected\n`);
      if (!reply.ok) throw new Error(reply.error);
      const facts = parseFacts({ info: 'redis_version:7.0.15\r\ncluster_enabled:1\r\n' });
      const claim = makeClaim({ host: '10.0.0.7', port: 6901 }, reply.value, facts);
      const [member] = membersOf(buildView([claim]));
      expect(member!.address, own).to.deep.include({ host: '10.0.0.7', port: 6901 });
      expect(() => diagnose(buildView([claim]))).to.not.throw();
    }
  });

  it('story 40: what others wrongly say of a replica does not decide what is done with it', () => {
    const nodes = syntheticNodes();
    const stale = viewOf(nodes, (text, speaker) =>
      speaker === 1
        ? text.replace(new RegExp(`^(${idOf(3)}.*) ${idOf(0)} `, 'm'), `$1 ${idOf(2)} `)
        : text,
    );
    const replica = membersOf(stale).find(({ id }) => id === idOf(3))!;
    expect(replica.primaryId).to.equal(idOf(0));
    expect(diagnose(stale).map(({ id }) => id)).to.include('views-differ');
    const plan = planDelNode(stale, idOf(3), { reset: 'soft', shutdown: false });
    const touched = plan.stages
      .flatMap(({ steps }) => steps)
      .filter(({ kind }) => kind !== 'forget');
    expect(touched.map(({ node }) => node.id)).to.deep.equal([idOf(3)]);
  });

  it('story 43: a replica that migrated away is missed, and the next one fills the gap', () => {
    const nodes = syntheticNodes();
    nodes[3]!.primary = 1;
    const view = viewOf(nodes);
    const missing = diagnose(view).filter(({ id }) => id === 'primary-without-replica');
    expect(missing.map(({ nodes: about }) => about)).to.deep.equal([[idOf(0)]]);
    expect(planAddNode(view, newcomer(), { asReplica: true }).primary!.node.id).to.equal(idOf(0));
  });

  describe('on real servers', function () {
    this.timeout(120_000);
    const pool = new ServerPool();
    before(function () {
      if (!hasRedisServer()) this.skip();
    });
    afterEach(() => pool.stop());

    it('story 41: two who fail over one shard at once end with one owner that all agree on', async () => {
      const { servers, entry } = await makeCluster(pool, 3);
      const primary = servers[0]!;
      const replicas = await pool.start(2, { nodeTimeoutMs: 2_000 });
      for (const replica of replicas) {
        const asReplica = ['--slave', '--master-id', idAt(primary)];
        const added = await runTrib(['add-node', addressOf(replica), entry, ...asReplica]);
        expect(added.status, added.stderr).to.equal(0);
      }
      writeTo(primary, 0);
      const runs = await Promise.all(
        replicas.map((replica) => tribJson(['failover', addressOf(replica), '--deadline', '8s'])),
      );
      expect(runs.map(({ status }) => status)).to.include(0);
      const settled = await runTrib(['wait', entry, '--deadline', '20s']);
      expect(settled.status, settled.stderr).to.equal(0);
      const owners = [...servers, ...replicas].map(({ port }) =>
        redisCli(port, 'CLUSTER', 'NODES')
          .split('\n')
          .filter((line) => line.includes(' 0-5460'))
          .map((line) => line.slice(0, 40))
          .join(),
      );
      expect(new Set(owners).size, owners.join('\n')).to.equal(1);
      expect([primary, ...replicas].map(idAt)).to.include(owners[0]);
    });

    it('story 42: a replica that was away during a failover follows the new primary, or is found out', async () => {
      const { servers, entry } = await makeCluster(pool, 3);
      const primary = servers[0]!;
      const [absent, successor] = await pool.start(2, { nodeTimeoutMs: 2_000 });
      for (const replica of [absent!, successor!]) {
        const asReplica = ['--slave', '--master-id', idAt(primary)];
        await runTrib(['add-node', addressOf(replica), entry, ...asReplica]);
      }
      writeTo(primary, 0);
      absent!.signal('SIGSTOP');
      const { status, document } = await tribJson([
        ...['failover', addressOf(successor!), '--deadline', '8s'],
      ]);
      absent!.signal('SIGCONT');
      // The one that was away cannot be among those who confirm; trib names it rather than hang.
      expect(status, JSON.stringify(document)).to.be.oneOf([0, 1]);
      if (status === 1) expect(JSON.stringify(document.error)).to.include(addressOf(absent!));
      const settled = await runTrib(['wait', entry, '--deadline', '30s']);
      expect(settled.status, settled.stderr).to.equal(0);
      await typeCures(entry, 'replica-of-replica');
      await waitUntil(
        'both others follow it',
        () => replicasOf(successor!, [primary, absent!]).length === 2,
      );
    });
  });
});

/** Servers before the fix of their own may leave a chain behind: check finds it, and its cure ends it. */
async function typeCures(entry: string, finding: string): Promise<void> {
  const { document } = await tribJson(['check', entry]);
  for (const { id, cure } of document.findings as { id: string; cure: string[] }[]) {
    if (id !== finding) continue;
    const { status, stderr } = await runTrib(cure[0]!.split(' ').slice(1));
    expect(status, stderr).to.equal(0);
  }
}
