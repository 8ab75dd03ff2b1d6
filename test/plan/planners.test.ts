import { expect } from 'chai';
import fc from 'fast-check';
import { diagnose } from '../../src/lib/cluster/diagnose.js';
import { fingerprint } from '../../src/lib/cluster/fingerprint.js';
import type { Claim, ClusterView } from '../../src/lib/cluster/model.js';
import { membersOf } from '../../src/lib/cluster/view.js';
import { planAddNode } from '../../src/lib/plan/plan-add-node.js';
import { planFailover } from '../../src/lib/plan/plan-failover.js';
import type { Plan, Step } from '../../src/lib/plan/plan.js';
import { failedMembers, planDelNode, planForget } from '../../src/lib/plan/plan-removal.js';
import { planReset } from '../../src/lib/plan/plan-reset.js';
import { planSetTimeout } from '../../src/lib/plan/plan-set-timeout.js';
import { project } from '../../src/lib/plan/project.js';
import {
  blankClaims,
  idOf,
  syntheticNodes,
  viewOf,
  type SyntheticNode,
} from '../support/synthetic-view.js';
import { thrownBy } from '../support/thrown-by.js';

const SOFT = { reset: 'soft', shutdown: false } as const;

const stepsOf = ({ stages }: Plan): readonly Step[] => stages.flatMap(({ steps }) => steps);

function changed(change: (nodes: SyntheticNode[]) => void, nodes = 6): ClusterView {
  const all = syntheticNodes({ nodes });
  change(all);
  return viewOf(all);
}

/** A blank node whose id no cluster of these tests has. */
function newcomer(host = '10.0.1.1'): Claim {
  const claims = blankClaims([...Array(900).keys()].map(() => ({ host })));
  return claims[899]!;
}

const replicasOf = (view: ClusterView, primary: number): readonly string[] =>
  membersOf(view)
    .filter(({ primaryId }) => primaryId === idOf(primary))
    .map(({ id }) => id);

const anyCluster = fc
  .record({
    primaries: fc.integer({ min: 3, max: 6 }),
    replicas: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ primaries, replicas }) =>
    syntheticNodes({ nodes: primaries * (replicas + 1), replicas }),
  );

describe('planAddNode', () => {
  it('leads to a clean diagnosis, and planning again yields nothing', () => {
    fc.assert(
      fc.property(anyCluster, fc.boolean(), (nodes, asReplica) => {
        const view = viewOf(nodes);
        const node = newcomer();
        const { plan } = planAddNode(view, node, { asReplica });
        const after = project(view, plan, [node]);
        expect(after.claims.size).to.equal(nodes.length + 1);
        const worse = diagnose(after).filter(({ id }) => id !== 'primary-without-replica');
        expect(worse).to.deep.equal([]);
        const again = planAddNode(after, after.claims.get(node.self.id)!, { asReplica });
        expect(stepsOf(again.plan)).to.deep.equal([]);
      }),
      { numRuns: 40 },
    );
  });

  it('gives the replica to the primary with the fewest, another host first among equals', () => {
    const view = changed((nodes) => (nodes[5]!.primary = 0));
    const { primary } = planAddNode(view, newcomer(), { asReplica: true });
    expect(primary).to.deep.include({ isChosen: true });
    expect(primary!.node.id).to.equal(idOf(2));
    const beside = planAddNode(viewOf(syntheticNodes()), newcomer('10.0.0.1'), { asReplica: true });
    expect(beside.primary!.node.id).to.equal(idOf(1));
  });

  it('does not choose a primary without slots while there is another', () => {
    const view = changed((nodes) => {
      nodes[3]!.primary = undefined;
      nodes[3]!.epoch = 9;
    });
    expect(planAddNode(view, newcomer(), { asReplica: true }).primary!.node.id).to.equal(idOf(0));
  });

  it('copies functions to a new primary only', () => {
    const kinds = (asReplica: boolean) =>
      stepsOf(planAddNode(viewOf(syntheticNodes()), newcomer(), { asReplica }).plan).map(
        ({ kind }) => kind,
      );
    expect(kinds(false)).to.deep.equal(['copy-functions', 'meet']);
    expect(kinds(true)).to.deep.equal(['meet', 'replicate']);
  });

  it('finishes what was interrupted between MEET and REPLICATE', () => {
    const view = viewOf(syntheticNodes());
    const node = newcomer();
    const joined = project(view, planAddNode(view, node, { asReplica: false }).plan, [node]);
    const self = joined.claims.get(node.self.id)!;
    const { plan } = planAddNode(joined, self, { asReplica: true, primaryId: idOf(1) });
    expect(stepsOf(plan).map(({ kind }) => kind)).to.deep.equal(['replicate']);
    expect(replicasOf(project(joined, plan), 1)).to.include(node.self.id);
  });

  it('does not wait for members that are dead', () => {
    const view = changed((nodes) => {
      nodes[4]!.flags = 'fail';
      nodes[4]!.silent = 'gone';
    });
    const { plan } = planAddNode(view, newcomer(), { asReplica: false });
    const { settled } = plan.stages.at(-1)!;
    expect(settled.kind === 'joined' && settled.members.map(({ id }) => id)).not.to.include(
      idOf(4),
    );
  });

  it('introduces the new node by the address its peers use, not by the one typed', () => {
    const view = changed((nodes) => (nodes[0]!.host = '10.0.0.1'));
    const claims = [...view.claims.values()];
    const entry = { ...claims[0]!, reachedAt: { host: '127.0.0.1', port: 7000 } };
    const local: ClusterView = { ...view, claims: new Map(view.claims).set(idOf(0), entry) };
    const meet = stepsOf(planAddNode(local, newcomer(), { asReplica: true }).plan)[0]!;
    expect(meet.kind === 'meet' && meet.target.announced).to.deep.include({ host: '10.0.0.1' });
  });

  it('refuses a node of another cluster, a filled one, and a primary that is none', () => {
    const view = viewOf(syntheticNodes());
    const foreign = syntheticNodes({ nodes: 3, replicas: 0 });
    foreign.forEach((node, index) => (node.id = idOf(700 + index)));
    const stranger = viewOf(foreign).claims.get(idOf(700))!;
    const refusal = (node: Claim, primaryId = idOf(0)) =>
      thrownBy(() => planAddNode(view, node, { asReplica: true, primaryId }));
    expect(refusal(stranger).code).to.equal('FOREIGN_CLUSTER');
    expect(refusal(stranger).message).to.contain('would merge the two clusters');
    const filled = { ...newcomer(), facts: { ...newcomer().facts, keys: new Map([[0, 7]]) } };
    expect(refusal(filled).code).to.equal('NODE_NOT_EMPTY');
    expect(refusal(newcomer(), idOf(4)).code).to.equal('NOT_A_PRIMARY');
    expect(refusal(newcomer(), idOf(44)).code).to.equal('UNKNOWN_NODE');
  });

  it('refuses a member that still remembers a cluster that forgot it', () => {
    const nodes = syntheticNodes();
    const whole = viewOf(nodes);
    const forgotten = project(whole, planDelNode(whole, idOf(5), { ...SOFT, reset: 'none' }));
    const error = thrownBy(() =>
      planAddNode(forgotten, whole.claims.get(idOf(5))!, { asReplica: false }),
    );
    expect(error.message).to.contain('still remembers this cluster');
  });

  it('refuses a member that has another role than asked for', () => {
    const view = viewOf(syntheticNodes());
    const replica = view.claims.get(idOf(3))!;
    expect(thrownBy(() => planAddNode(view, replica, { asReplica: false })).code).to.equal(
      'DUPLICATE_NODE',
    );
  });
});

describe('planDelNode', () => {
  it('leaves a clean cluster behind, and planning again yields nothing', () => {
    fc.assert(
      fc.property(anyCluster, fc.nat(), fc.boolean(), (nodes, pick, shutdown) => {
        const spare = nodes.length;
        nodes.push({ ...nodes[0]!, id: idOf(spare), host: '10.0.3.3', slots: '', epoch: 0 });
        const replicas = [...nodes.keys()].filter((index) => nodes[index]!.primary !== undefined);
        const victim = idOf([...replicas, spare][pick % (replicas.length + 1)]!);
        const view = viewOf(nodes);
        const wish = { reset: 'soft', shutdown } as const;
        const after = project(view, planDelNode(view, victim, wish));
        expect(after.claims.has(victim)).to.equal(false);
        const worse = diagnose(after).filter(({ id }) => id !== 'primary-without-replica');
        expect(worse).to.deep.equal([]);
        expect(stepsOf(planDelNode(after, victim, wish))).to.deep.equal([]);
      }),
      { numRuns: 40 },
    );
  });

  it('spreads the replicas of the leaving primary over those with the fewest', () => {
    const view = changed((nodes) => {
      nodes[0]!.slots = '';
      nodes[1]!.slots = '0-10922';
      for (const replica of [3, 4, 5]) nodes[replica]!.primary = 0;
    });
    const plan = planDelNode(view, idOf(0), SOFT);
    const after = project(view, plan);
    const counts = [1, 2].map((primary) => replicasOf(after, primary).length);
    expect(counts.sort()).to.deep.equal([1, 2]);
    expect(plan.stages[0]!.settled.kind).to.equal('replicating');
  });

  it('resets before it forgets, so that a reset that fails has changed nothing', () => {
    const kinds = stepsOf(planDelNode(viewOf(syntheticNodes()), idOf(5), SOFT)).map(
      ({ kind }) => kind,
    );
    expect(kinds).to.deep.equal(['reset', ...Array<string>(5).fill('forget')]);
  });

  it('removes a dead node from all who know it, replicas included', () => {
    const view = changed((nodes) => {
      nodes[5]!.flags = 'fail';
      nodes[5]!.silent = 'gone';
    });
    const plan = planDelNode(view, idOf(5), SOFT);
    expect(stepsOf(plan).map(({ node }) => node.id)).to.deep.equal([0, 1, 2, 3, 4].map(idOf));
    expect(plan.remarks[0]).to.contain('does not answer and cannot be reset');
    expect(project(view, plan).silences).to.deep.equal([]);
  });

  it('refuses a node with slots, and one with keys in slots of others', () => {
    const view = viewOf(syntheticNodes());
    expect(thrownBy(() => planDelNode(view, idOf(0), SOFT)).message).to.equal(
      'Node 10.0.0.1:7000 is not empty! Reshard data away and try again.',
    );
    const orphans = changed((nodes) => {
      nodes[5]!.primary = undefined;
      nodes[5]!.info['db0'] = 'keys=4';
    });
    expect(thrownBy(() => planDelNode(orphans, idOf(5), SOFT)).message).to.contain('4 keys');
  });
});

describe('planForget', () => {
  const dead = changed((nodes) => {
    nodes[0]!.flags = nodes[5]!.flags = 'fail';
    nodes[0]!.silent = nodes[5]!.silent = 'gone';
  });

  it('reaches every node that knows the ghost', () => {
    const plan = planForget(dead, [idOf(5)]);
    expect(stepsOf(plan).map(({ node }) => node.id)).to.deep.equal([1, 2, 3, 4].map(idOf));
    expect(failedMembers(dead).map(({ id }) => id)).to.deep.equal([idOf(0), idOf(5)]);
  });

  it('refuses what is still needed: alive, owning slots, or followed', () => {
    expect(thrownBy(() => planForget(dead, [idOf(1)])).message).to.contain('it answers');
    const error = thrownBy(() => planForget(dead, [idOf(0)]));
    expect(error.message).to.contain('owns 5461 slots');
    expect(error.hints).to.deep.equal(['trib failover 10.0.0.4:7003 --force']);
    expect(stepsOf(planForget(dead, [idOf(0)], { accept: true }))).to.have.length(4);
  });
});

describe('planFailover', () => {
  it('swaps the roles, takes all siblings along, and leaves a clean cluster', () => {
    const nodes = syntheticNodes({ nodes: 12, replicas: 3 });
    const view = viewOf(nodes);
    const { plan } = planFailover(view, idOf(3), { mode: 'graceful' });
    const after = project(view, plan);
    expect(diagnose(after)).to.deep.equal([]);
    expect(replicasOf(after, 3)).to.have.members([0, 6, 9].map(idOf));
    const promoted = membersOf(after).find(({ id }) => id === idOf(3))!;
    expect(promoted).to.include({ role: 'primary' });
    expect(promoted.record.configEpoch).to.equal(4);
  });

  it('takes the replica with the most data for a primary', () => {
    const nodes = syntheticNodes({ nodes: 9, replicas: 2 });
    nodes[3]!.info['slave_repl_offset'] = 50;
    nodes[6]!.info['slave_repl_offset'] = 90;
    expect(planFailover(viewOf(nodes), idOf(0), { mode: 'graceful' }).replica.id).to.equal(idOf(6));
    nodes[6]!.info['master_link_status'] = 'down';
    expect(planFailover(viewOf(nodes), idOf(0), { mode: 'graceful' }).replica.id).to.equal(idOf(3));
  });

  it('refuses to promote what never copied anything, unless the loss is accepted', () => {
    const view = changed((nodes) => {
      nodes[3]!.info = { slave_repl_offset: 0, master_link_status: 'down' };
    });
    for (const mode of ['force', 'takeover'] as const) {
      const error = thrownBy(() => planFailover(view, idOf(3), { mode }));
      expect(error.code).to.equal('REFUSED');
      expect(error.hints[0]).to.contain(`--${mode} --accept-data-loss`);
      const accepted = planFailover(view, idOf(3), { mode, acceptDataLoss: true });
      expect(accepted.plan.remarks.join()).to.contain('may lack data');
    }
  });

  it('needs force for a dead primary, and a majority for force', () => {
    const one = changed((nodes) => {
      nodes[0]!.flags = 'fail';
      nodes[0]!.silent = 'gone';
      nodes[3]!.info['master_link_status'] = 'down';
    });
    const graceful = thrownBy(() => planFailover(one, idOf(3), { mode: 'graceful' }));
    expect(graceful.hints).to.deep.equal(['trib failover 10.0.0.4:7003 --force']);
    expect(stepsOf(planFailover(one, idOf(3), { mode: 'force' }).plan)).to.have.length(1);
    const two = changed((nodes) => {
      for (const index of [0, 1]) {
        nodes[index]!.flags = 'fail';
        nodes[index]!.silent = 'gone';
      }
    });
    const force = thrownBy(() => planFailover(two, idOf(3), { mode: 'force' }));
    expect(force.message).to.contain('Only 1 of 3 primaries are alive');
    const takeover = planFailover(two, idOf(3), { mode: 'takeover' });
    expect(takeover.plan.remarks.join()).to.contain('partition');
  });

  it('refuses when there is nobody to promote', () => {
    const view = viewOf(syntheticNodes({ nodes: 3, replicas: 0 }));
    expect(thrownBy(() => planFailover(view, idOf(0), { mode: 'graceful' })).message).to.contain(
      'has no replica that answers',
    );
  });
});

describe('planReset', () => {
  it('empties nodes, and flushes only when told to', () => {
    const nodes = syntheticNodes();
    nodes[0]!.info['db0'] = 'keys=5';
    const claims = [...viewOf(nodes).claims.values()];
    const wish = { mode: 'hard', flush: false } as const;
    expect(thrownBy(() => planReset(claims, wish)).code).to.equal('NODE_NOT_EMPTY');
    const plan = planReset(claims, { ...wish, flush: true });
    expect(stepsOf(plan).map(({ kind }) => kind)).to.deep.equal([
      'flush',
      ...Array<string>(6).fill('reset'),
    ]);
    const after = project(viewOf(nodes), plan);
    expect(after.claims.size).to.equal(1);
    expect([...after.claims.values()][0]!.facts.keys.size).to.equal(0);
  });
});

describe('planSetTimeout', () => {
  it('cures unequal timeouts, in the files as well', () => {
    const view = changed((nodes) => (nodes[2]!.nodeTimeoutMs = 1000));
    const plan = planSetTimeout(view, 5000);
    expect(diagnose(project(view, plan))).to.deep.equal([]);
    expect(stepsOf(plan).every((step) => step.kind === 'set-config' && step.rewrite)).to.equal(
      true,
    );
    expect(thrownBy(() => planSetTimeout(view, 99)).code).to.equal('USAGE');
  });
});

describe('fingerprint', () => {
  it('changes with members, roles, slots and epochs, and with nothing else', () => {
    const print = (change: (nodes: SyntheticNode[]) => void) => fingerprint(changed(change));
    const base = print(() => undefined);
    expect(print((nodes) => (nodes[3]!.info['slave_repl_offset'] = 1))).to.equal(base);
    expect(print((nodes) => (nodes[3]!.primary = 1))).not.to.equal(base);
    expect(print((nodes) => (nodes[0]!.epoch = 10))).not.to.equal(base);
    expect(print((nodes) => (nodes[0]!.slots = '0-5459'))).not.to.equal(base);
    expect(print((nodes) => (nodes[0]!.open = `[5->-${idOf(1)}]`))).not.to.equal(base);
  });
});
