import { expect } from 'chai';
import fc from 'fast-check';
import { diagnose } from '../../src/lib/cluster/diagnose.js';
import type { Claim } from '../../src/lib/cluster/model.js';
import { buildView } from '../../src/lib/cluster/view.js';
import type { TribError } from '../../src/lib/kernel/errors.js';
import { countSlots, slotsIn } from '../../src/lib/kernel/ranges.js';
import { allocateSlots, planCreate, type Layout } from '../../src/lib/plan/plan-create.js';
import { project } from '../../src/lib/plan/project.js';
import { blankClaims, claimOf, idOf, syntheticNodes, viewOf } from '../support/synthetic-view.js';
import { thrownBy } from '../support/thrown-by.js';

const onHosts = (count: number, hosts = count) =>
  blankClaims(Array.from({ length: count }, (_, index) => ({ host: `10.0.0.${index % hosts}` })));

function layoutOf(nodes: readonly Claim[], replicas: number): Layout {
  const decision = planCreate(nodes, { replicas });
  if (decision.kind !== 'create') throw new Error('the cluster exists already');
  return decision.layout;
}

const blankCluster = fc.record({
  replicas: fc.integer({ min: 0, max: 2 }),
  primaries: fc.integer({ min: 3, max: 8 }),
  spare: fc.integer({ min: 0, max: 5 }),
  hosts: fc.integer({ min: 1, max: 9 }),
});

describe('planCreate', () => {
  it('cuts slots as redis-trib does', () => {
    expect(allocateSlots(3)).to.deep.equal([
      { first: 0, last: 5460 },
      { first: 5461, last: 10922 },
      { first: 10923, last: 16383 },
    ]);
    const sizes = (count: number) => allocateSlots(count).map((range) => countSlots([range]));
    expect(sizes(5)).to.deep.equal([3277, 3277, 3276, 3277, 3277]);
    expect(sizes(6)).to.deep.equal([2731, 2730, 2731, 2731, 2730, 2731]);
    expect(sizes(7)).to.deep.equal([2341, 2340, 2341, 2340, 2341, 2340, 2341]);
  });

  it('partitions all slots into parts that differ by at most one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (primaries) => {
        const ranges = allocateSlots(primaries);
        const sizes = ranges.map((range) => countSlots([range]));
        expect(Math.max(...sizes) - Math.min(...sizes)).to.be.at.most(1);
        expect([...slotsIn(ranges)].every((slot, at) => slot === at)).to.equal(true);
        expect(countSlots(ranges)).to.equal(16384);
      }),
    );
  });

  it('makes a cluster that diagnoses clean, and planning again yields nothing', () => {
    fc.assert(
      fc.property(blankCluster, ({ replicas, primaries, spare, hosts }) => {
        const count = primaries * (replicas + 1) + (replicas > 0 ? spare % (replicas + 1) : 0);
        const nodes = onHosts(count, hosts);
        const { plan } = planCreate(nodes, { replicas });
        const after = project(buildView(nodes), plan);
        const findings = diagnose(after).filter(
          ({ id }) => id !== 'replica-on-primary-host' && id !== 'primary-without-replica',
        );
        expect(findings).to.deep.equal([]);
        expect(after.claims.size).to.equal(count);
        const again = planCreate([...after.claims.values()], { replicas });
        expect(again.kind).to.equal('already-created');
        expect(again.plan.stages).to.deep.equal([]);
      }),
      { numRuns: 60 },
    );
  });

  it('uses every node: what is left over becomes extra replicas', () => {
    const { shards } = layoutOf(onHosts(11, 4), 2);
    expect(shards.map(({ replicas }) => replicas.length)).to.deep.equal([3, 3, 2]);
  });

  it('recognises the cluster after failovers, whatever the roles', () => {
    const nodes = syntheticNodes({ hostOf: () => '127.0.0.1' });
    [nodes[0]!.primary, nodes[3]!.primary] = [3, undefined];
    [nodes[0]!.slots, nodes[3]!.slots] = ['', '0-5460'];
    const claims = [...viewOf(nodes).claims.values()];
    expect(planCreate(claims, { replicas: 1 }).kind).to.equal('already-created');
  });

  it('does not take a cluster with other replica counts or holes for the one asked for', () => {
    const nodes = syntheticNodes();
    const claims = [...viewOf(nodes).claims.values()];
    expect(thrownBy(() => planCreate(claims, { replicas: 0 })).code).to.equal('NODE_NOT_EMPTY');
    nodes[0]!.slots = '0-5000';
    const holey = [...viewOf(nodes).claims.values()];
    expect(thrownBy(() => planCreate(holey, { replicas: 1 })).code).to.equal('NODE_NOT_EMPTY');
    const some = claims.slice(0, 5);
    expect(thrownBy(() => planCreate(some, { replicas: 0 })).code).to.equal('NODE_NOT_EMPTY');
  });

  it('gives every node its own epoch, and leaves alone those that have one', () => {
    const nodes = onHosts(6);
    const old = { ...nodes[1]!, self: { ...nodes[1]!.self, configEpoch: 2 } };
    const { plan } = planCreate([nodes[0]!, old, ...nodes.slice(2)], { replicas: 1 });
    const epochs = plan.stages
      .flatMap(({ steps }) => steps)
      .flatMap((step) => (step.kind === 'set-config-epoch' ? [step.epoch] : []));
    expect(epochs).to.deep.equal([1, 3, 4, 5, 6]);
  });

  it('spreads over the zones the servers name, and over those given', () => {
    const told = blankClaims(
      ['a', 'a', 'b', 'b', 'c', 'c'].map((zone, index) => ({ host: `10.0.0.${index}`, zone })),
    );
    expect(layoutOf(told, 1).misplaced.replicasInPrimaryZone).to.equal(0);
    const zones = new Map(told.map(({ reachedAt }, at) => [reachedAt.host, at < 3 ? 'x' : 'y']));
    const given = planCreate(told, { replicas: 1, zones });
    expect(given.kind === 'create' && given.layout.misplaced.replicasInPrimaryZone).to.equal(0);
  });

  it('says what could not be had', () => {
    const { plan } = planCreate(onHosts(6, 1), { replicas: 1 });
    expect(plan.remarks).to.deep.equal([
      '3 replicas are on the same host as the primary: no other arrangement of these nodes avoids it.',
    ]);
    expect(planCreate(onHosts(6, 3), { replicas: 1 }).plan.remarks).to.deep.equal([]);
  });

  describe('refuses, before anything is touched,', () => {
    const refusal = (nodes: readonly Claim[], replicas = 1): TribError =>
      thrownBy(() => planCreate(nodes, { replicas }));

    it('too few nodes, with the number that is needed', () => {
      const error = refusal(onHosts(5));
      expect(error.code).to.equal('TOO_FEW_NODES');
      expect(error.hints).to.deep.equal([
        'Redis Cluster requires at least 3 master nodes.',
        'This is not possible with 5 nodes and 1 replicas per node.',
        'At least 6 nodes are required.',
      ]);
    });

    it('fewer than three primaries, unless accepted', () => {
      const nodes = onHosts(2);
      expect(refusal(nodes, 0).code).to.equal('TOO_FEW_NODES');
      const accepted = planCreate(nodes, { replicas: 0, acceptFewPrimaries: true });
      expect(accepted.kind).to.equal('create');
    });

    it('a node given twice, under one address or two', () => {
      const nodes = onHosts(6);
      expect(refusal([...nodes, nodes[0]!]).message).to.equal('10.0.0.0:7000 is given twice.');
      const alias = { ...nodes[0]!, reachedAt: { host: 'localhost', port: 7000 } };
      expect(refusal([...nodes, alias]).message).to.contain('localhost:7000 are the same node');
    });

    it('a server that is no cluster node', () => {
      const nodes = onHosts(6);
      const plain = {
        ...nodes[2]!,
        facts: { ...nodes[2]!.facts, clusterEnabled: false },
      };
      const error = refusal([...nodes.slice(0, 2), plain, ...nodes.slice(3)]);
      expect(error.message).to.equal('Node 10.0.0.2:7002 is not configured as a cluster node.');
    });

    it('a node that is not empty, explained item by item', () => {
      const nodes = onHosts(6);
      const stained = syntheticNodes({ nodes: 3, replicas: 0 });
      stained[0]!.info = { db0: 'keys=3,expires=0', db4: 'keys=1,expires=0' };
      stained[0]!.slots = '0-9';
      stained.forEach((node, index) => (node.id = idOf(700 + index)));
      const error = refusal([...nodes.slice(0, 5), claimOf(stained, 0)]);
      expect(error.code).to.equal('NODE_NOT_EMPTY');
      expect(error.message).to.equal(
        'Node 10.0.0.1:7000 is not empty: it knows 2 other nodes; database 0 holds 3 keys; ' +
          'database 4 holds 1 key; it owns 10 slots: 0-9; its epoch is 1.',
      );
      expect(error.hints[0]).to.contain('trib reset 10.0.0.1:7000 --hard --flush');
    });

    it('a replica count that is no number of replicas', () => {
      expect(refusal(onHosts(6), -1).code).to.equal('USAGE');
      expect(refusal(onHosts(6), 0.5).code).to.equal('USAGE');
    });
  });
});
