/** Every state in which a move of slots can be left, and what becomes of it. */
import { expect } from 'chai';
import fc from 'fast-check';
import { diagnose } from '../../src/lib/cluster/diagnose.js';
import { formatRanges, rangesWhere, slotsIn } from '../../src/lib/kernel/ranges.js';
import { planFix } from '../../src/lib/plan/fix/plan-fix.js';
import { doubtfulSlots } from '../../src/lib/plan/fix/survey.js';
import { unresolved } from '../../src/lib/plan/fix/unresolved.js';
import { idOf, syntheticNodes, viewOf } from '../support/synthetic-view.js';
import {
  type Scene,
  after,
  decide,
  evidenceOf,
  importing,
  migrating,
  nameNodes,
  sceneOf,
  stepsOf,
} from './fix-scene.js';

/** Of slot 100, which A owns unless said otherwise. */
const open = (marks: Readonly<Record<number, string>>) => (nodes: Scene['nodes']) => {
  for (const [index, text] of Object.entries(marks)) nodes[Number(index)]!.open = text;
};

/** Nobody claims slot 100; the others still say it is A's. */
const givenUp = (scene: Scene): Scene => {
  scene.nodes[0]!.slots = '0-99 101-4095';
  return {
    ...scene,
    edit: (text, speaker) => (speaker === 0 ? text : text.replace('0-99 101-4095', '0-4095')),
  };
};

describe('planFix: half-open slots', () => {
  it('closes a slot that only migrates, when nothing has left', () => {
    const scene = sceneOf(open({ 0: migrating(100, 1) }), { 0: { 100: 7 } });
    expect(stepsOf(decide(scene))).to.deep.equal(['close slot 100 at A']);
  });

  it('closes a slot that is only imported, when nothing has come', () => {
    const scene = sceneOf(open({ 1: importing(100, 0) }), { 0: { 100: 7 } });
    expect(stepsOf(decide(scene))).to.deep.equal(['close slot 100 at B']);
  });

  it('brings keys back from a node that imports what nobody sends', () => {
    const scene = sceneOf(open({ 1: importing(100, 0) }), { 0: { 100: 7 }, 1: { 100: 2 } });
    expect(stepsOf(decide(scene))).to.deep.equal(['bring the keys of slot 100 from B to A']);
  });

  it('finishes a move of which something has arrived, and gives up one of which nothing has', () => {
    const steps = (keys: Scene['keys']) =>
      stepsOf(decide(sceneOf(open({ 0: migrating(100, 1), 1: importing(100, 0) }), keys)));
    for (const keys of [{ 1: { 100: 7 } }, { 0: { 100: 3 }, 1: { 100: 4 } }]) {
      expect(steps(keys)).to.deep.equal(['move slots 100 (1) from A to B']);
    }
    for (const keys of [{}, { 0: { 100: 7 } }]) {
      expect(steps(keys)).to.deep.equal(['close slot 100 at A and B']);
    }
  });

  it('finishes a move whose target was restarted without its mark, when keys have arrived', () => {
    const scene = sceneOf(open({ 0: migrating(100, 1) }), { 0: { 100: 3 }, 1: { 100: 4 } });
    expect(stepsOf(decide(scene))).to.deep.equal(['move slots 100 (1) from A to B']);
  });

  it('sends what other importers have to the one the slot goes to', () => {
    const scene = sceneOf(
      open({
        0: migrating(100, 1),
        1: importing(100, 0),
        2: importing(100, 0),
        3: importing(100, 0),
      }),
      { 0: { 100: 3 }, 2: { 100: 4 } },
    );
    expect(stepsOf(decide(scene))).to.deep.equal([
      'close slot 100 at D',
      'close slot 100 at A and B',
      'bring the keys of slot 100 from C to A',
    ]);
    const begun = { ...scene, keys: { 1: { 100: 1 }, 2: { 100: 4 } } };
    expect(stepsOf(decide(begun))).to.deep.equal([
      'close slot 100 at D',
      'move slots 100 (1) from A to B',
      'bring the keys of slot 100 from C to B',
    ]);
  });

  it('leaves an owner its slot when others migrate what is not theirs', () => {
    const scene = sceneOf(open({ 1: migrating(100, 2), 2: migrating(100, 1) }), { 2: { 100: 1 } });
    expect(stepsOf(decide(scene))).to.deep.equal([
      'close slot 100 at B',
      'bring the keys of slot 100 from C to A',
    ]);
  });

  it('goes on to the replica that took over from a target', () => {
    // B was the target; D, its replica, has its slots and the keys that had come, but no mark.
    const scene = sceneOf(
      (nodes) => {
        nodes[0]!.open = migrating(100, 1);
        Object.assign(nodes[3]!, { slots: `${nodes[1]!.slots} ${nodes[3]!.slots}`, epoch: 9 });
        Object.assign(nodes[1]!, { slots: '', primary: 3, epoch: 9 });
      },
      { 0: { 100: 3 }, 3: { 100: 2 } },
    );
    expect(stepsOf(decide(scene))).to.deep.equal(['move slots 100 (1) from A to D']);
    const idle = { ...scene, keys: { 0: { 100: 3 } } };
    expect(stepsOf(decide(idle))).to.deep.equal(['close slot 100 at A']);
  });

  it('goes on to the heir of a dead target by the keys it has, and waits for one that nobody inherited', () => {
    const dead = sceneOf(
      (nodes) => {
        nodes[0]!.open = migrating(100, 1);
        Object.assign(nodes[3]!, { slots: `${nodes[1]!.slots} ${nodes[3]!.slots}`, epoch: 9 });
        Object.assign(nodes[1]!, { slots: '', flags: 'fail', silent: 'refused' });
      },
      { 0: { 100: 3 }, 3: { 100: 2 } },
    );
    expect(stepsOf(decide(dead))).to.deep.equal(['move slots 100 (1) from A to D']);
    const alone = { ...dead, keys: { 0: { 100: 3 } } };
    expect(stepsOf(decide(alone))).to.deep.equal([]);
    expect(nameNodes(decide(alone).cases[0]!.verdict)).to.equal(
      'B, which it was moving to, does not answer and may have keys of it',
    );
    expect(stepsOf(decide(alone, { withUnreachable: true }))).to.deep.equal([
      'close slot 100 at A',
    ]);
  });

  it('brings keys to the replica that took over from a source, which knows of no move', () => {
    const scene = sceneOf(open({ 1: importing(100, 3) }), { 0: { 100: 3 }, 1: { 100: 4 } });
    expect(stepsOf(decide(scene))).to.deep.equal(['bring the keys of slot 100 from B to A']);
  });

  it('makes the target the owner when only the source was told so', () => {
    const scene = givenUp(sceneOf(open({ 1: importing(100, 0) }), { 1: { 100: 4 } }));
    const edit: Scene['edit'] = (text, speaker) => {
      const heard = scene.edit!(text, speaker);
      return speaker === 0 ? heard.replace('4096-8191', '100 4096-8191') : heard;
    };
    const told = { ...scene, edit };
    const steps = stepsOf(decide(told));
    expect(steps[0]).to.equal('make B the owner of slot 100');
    expect(steps.slice(1)).to.have.members([
      'tell C that slot 100 belongs to B',
      'tell D that slot 100 belongs to B',
    ]);
    expect(stepsOf(decide({ ...told, keys: {} }))[0], 'without keys').to.equal(steps[0]);
    expect(formatRanges(decide(told).covers), 'is no guess').to.equal('');
  });

  it('closes a source that lost the slot by gossip, when only the target was told', () => {
    const scene = sceneOf(
      (nodes) => {
        nodes[0]!.slots = '0-99 101-4095';
        nodes[0]!.open = migrating(100, 1);
        Object.assign(nodes[1]!, { slots: '100 4096-8191', epoch: 9 });
      },
      { 1: { 100: 4 } },
    );
    expect(stepsOf(decide(scene))).to.deep.equal(['close slot 100 at A']);
  });

  it('names thousands of slots in ranges', () => {
    const marks = Array.from({ length: 1_000 }, (_, slot) => slot);
    const scene = sceneOf((nodes) => {
      nodes[0]!.open = marks.map((slot) => migrating(slot, 1)).join(' ');
      nodes[1]!.open = marks.map((slot) => importing(slot, 0)).join(' ');
    });
    expect(stepsOf(decide(scene))).to.deep.equal(['close slots 0-999 (1000) at A and B']);
    expect(decide(scene).cases).to.have.length(1);
  });

  it('closes marks of a replica through its primary where it obeys, and restarts it where it does not', () => {
    const nodes = syntheticNodes({ nodes: 6 });
    nodes[3]!.open = migrating(100, 1);
    const scene: Scene = { nodes, keys: {} };
    expect(stepsOf(decide(scene))).to.deep.equal([
      'reset D (soft)',
      'introduce D to A',
      'make D a replica of A',
    ]);
    nodes[3]!.info = { valkey_version: '8.1.0' };
    expect(stepsOf(decide(scene))).to.deep.equal(['close slot 100 at A']);
  });

  it('repairs nothing but what it is asked to', () => {
    const scene = sceneOf(open({ 0: migrating(100, 1) }), { 0: { 100: 7 } });
    scene.nodes[2]!.slots = '8193-12287';
    const steps = (...only: ('slot-open' | 'slot-uncovered')[]) =>
      stepsOf(decide(scene, { only: new Set(only) }));
    expect(steps('slot-open')).to.deep.equal(['close slot 100 at A']);
    expect(steps('slot-uncovered')[0]).to.equal('make C the owner of slot 8192');
    expect(steps('slot-uncovered')).to.not.include('close slot 100 at A');
  });
});

describe('planFix: owners', () => {
  const contested = (epochs: readonly [number, number], keys: Scene['keys']) =>
    sceneOf((nodes) => {
      Object.assign(nodes[0]!, { epoch: epochs[0] });
      Object.assign(nodes[1]!, { slots: '100 4096-8191', epoch: epochs[1] });
    }, keys);

  it('lets the higher config epoch win, and brings the keys of the loser', () => {
    const steps = stepsOf(decide(contested([5, 6], { 0: { 100: 9 }, 1: { 100: 1 } })));
    expect(steps.slice(0, 1)).to.deep.equal(['let A give up slot 100 to B']);
    expect(steps.at(-1)).to.equal('bring the keys of slot 100 from A to B');
    expect(steps).to.not.include('give B a config epoch above all others');
  });

  it('lets the one with the keys win over an empty one, with a new config epoch', () => {
    const steps = stepsOf(decide(contested([5, 6], { 0: { 100: 9 } })));
    // The loser yields first: gossip of a higher epoch would make a node delete what it loses.
    expect(steps.slice(0, 2)).to.deep.equal([
      'let B give up slot 100 to A',
      'give A a config epoch above all others',
    ]);
  });

  it('gives a slot that nobody claims to the node with most of its keys', () => {
    const scene = givenUp(
      sceneOf(() => undefined, { 0: { 100: 1 }, 2: { 100: 5 }, 3: { 100: 2 } }),
    );
    const steps = stepsOf(decide(scene));
    expect(steps[0]).to.equal('make C the owner of slot 100');
    expect(steps.slice(-2)).to.deep.equal([
      'bring the keys of slot 100 from A to C',
      'bring the keys of slot 100 from D to C',
    ]);
    expect(formatRanges(decide(scene).covers)).to.equal('100');
  });

  it('gives a slot without keys back to the node that others still name', () => {
    const scene = givenUp(sceneOf(() => undefined));
    expect(stepsOf(decide(scene))).to.deep.equal(['make A the owner of slot 100']);
  });

  it('spreads what nobody knows in runs, so that all end alike', () => {
    const scene = sceneOf((nodes) => {
      nodes[1]!.slots = '';
    });
    // B stands there empty, and a whole share is missing.
    expect(stepsOf(decide(scene))[0]).to.equal('make B the owner of slots 4096-8191 (4096)');
    const lost: Scene = { nodes: scene.nodes.filter((_, index) => index !== 1), keys: {} };
    const steps = stepsOf(decide(lost)).filter((step) => step.startsWith('make'));
    expect(steps).to.deep.equal([
      'make A the owner of slots 4096-5461 (1366)',
      'make C the owner of slots 5462-6826 (1365)',
      'make D the owner of slots 6827-8191 (1365)',
    ]);
  });

  it('gives a small hole to the node around it', () => {
    const scene = sceneOf((nodes) => {
      nodes[3]!.slots = '12288-13000 13010-16383';
    });
    expect(stepsOf(decide(scene))[0]).to.equal('make D the owner of slots 13001-13009 (9)');
  });

  it('covers nothing while a primary that may have the keys does not answer, unless told to', () => {
    const scene = sceneOf((nodes) => {
      nodes[0]!.slots = '0-99 101-4095';
      nodes[3]!.silent = 'refused';
    });
    const { plan, cases } = decide(scene);
    expect(plan.stages).to.deep.equal([]);
    expect(cases.map(({ slots, left }) => [formatRanges(slots), left !== undefined])).to.deep.equal(
      [
        ['100', true],
        ['12288-16383', true],
      ],
    );
    const steps = stepsOf(decide(scene, { withUnreachable: true }));
    expect(steps[0]).to.match(/^make A the owner of slots 100,12288-/);
  });

  it('never gives away the slots of a dead primary whose replica lives', () => {
    const nodes = syntheticNodes({ nodes: 6 });
    Object.assign(nodes[1]!, { silent: 'refused', flags: 'fail' });
    const { plan, cases } = decide({ nodes, keys: {} }, { withUnreachable: true });
    expect(plan.stages).to.deep.equal([]);
    expect(cases[0]!.left!.hint).to.deep.equal(['trib failover 10.0.0.5:7004 --force']);
  });

  it('treats a node that did not say which keys it has as one that may have them', () => {
    const scene = sceneOf(open({ 0: migrating(100, 1), 1: importing(100, 0) }));
    const evidence = evidenceOf(scene).map((said, index) =>
      index === 1 ? { ...said, failure: 'LOADING' } : said,
    );
    const { plan, cases } = planFix(viewOf(scene.nodes), evidence);
    expect(plan.stages).to.deep.equal([]);
    expect(nameNodes(cases[0]!.verdict)).to.equal('B did not say which keys it has');
  });
});

describe('planFix: beliefs, epochs, chains', () => {
  it('tells primaries that believe otherwise, and gives the owner an epoch that replicas heed', () => {
    const nodes = syntheticNodes({ nodes: 6 });
    // A, with the lowest epoch, owns slot 6000; B gave it up; C and B's replica still believe in B.
    nodes[0]!.slots = '0-5460 6000';
    nodes[1]!.slots = '5461-5999 6001-10922';
    const edit: Scene['edit'] = (text, speaker) =>
      speaker === 2 || speaker === 4
        ? text.replace('0-5460 6000', '0-5460').replace('5461-5999 6001-10922', '5461-10922')
        : text;
    expect(stepsOf(decide({ nodes, keys: {}, edit }))).to.deep.equal([
      'give A a config epoch above all others',
      'tell C that slot 6000 belongs to A',
    ]);
    nodes[0]!.epoch = 9;
    for (const follower of nodes.filter(({ primary }) => primary === 0)) follower.epoch = 9;
    expect(stepsOf(decide({ nodes, keys: {}, edit }))).to.deep.equal([
      'tell C that slot 6000 belongs to A',
    ]);
  });

  it('parts primaries that share a config epoch', () => {
    const scene = sceneOf((nodes) => {
      nodes[2]!.epoch = nodes[1]!.epoch;
    });
    expect(stepsOf(decide(scene))).to.deep.equal(['give B a config epoch above all others']);
  });

  it('lets a replica of a replica follow the primary at the top', () => {
    const nodes = syntheticNodes({ nodes: 8, replicas: 3 });
    nodes[4]!.primary = 2;
    nodes[2]!.primary = 0;
    expect(stepsOf(decide({ nodes, keys: {} }))).to.include('make E a replica of A');
  });

  it('finds nothing to do in a healthy cluster', () => {
    const { plan, cases } = decide({ nodes: syntheticNodes({ nodes: 6 }), keys: {} });
    expect({ stages: plan.stages, cases }).to.deep.equal({ stages: [], cases: [] });
  });
});

describe('planFix: laws', () => {
  const SLOTS = [100, 101, 5000, 9000];
  const slotState = fc.record({
    claimants: fc.subarray([0, 1, 2, 3]),
    migrating: fc.array(fc.tuple(fc.nat(3), fc.nat(4)), { maxLength: 3 }),
    importing: fc.array(fc.tuple(fc.nat(3), fc.nat(4)), { maxLength: 3 }),
    keys: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)),
  });

  function sceneFrom(
    states: readonly (typeof slotState extends fc.Arbitrary<infer T> ? T : never)[],
  ) {
    const keys: Record<number, Record<number, number>> = {};
    const scene = sceneOf((nodes) => {
      nodes.forEach((node, index) => {
        const first = index * 4096;
        const own = SLOTS.filter((_, at) => states[at]!.claimants.includes(index));
        const others = rangesWhere(
          (slot) => first <= slot && slot < first + 4096 && !SLOTS.includes(slot),
        );
        node.slots = [formatRanges(others).replaceAll(',', ' '), ...own].join(' ');
        node.open = SLOTS.flatMap((slot, at) => [
          ...states[at]!.migrating.filter(([by, to]) => by === index && to !== index)
            .slice(0, 1)
            .map(([, to]) => migrating(slot, to)),
          ...states[at]!.importing.filter(([by, from]) => by === index && from !== index)
            .slice(0, 1)
            .map(([, from]) => importing(slot, from)),
        ]).join(' ');
        keys[index] = Object.fromEntries(
          SLOTS.map((slot, at) => [slot, states[at]!.keys[index]!] as const).filter(
            ([, n]) => n > 0,
          ),
        );
      });
    });
    return { ...scene, keys };
  }

  it('leaves a cluster without findings, with every key at the owner of its slot, and nothing more to plan', () => {
    fc.assert(
      fc.property(fc.array(slotState, { minLength: 4, maxLength: 4 }), (states) => {
        const scene = sceneFrom(states);
        const [view, evidence] = [viewOf(scene.nodes), evidenceOf(scene)];
        const { plan, cases } = planFix(view, evidence);
        expect(cases.filter(({ left }) => left)).to.deep.equal([]);
        const kinds = plan.stages.flatMap(({ steps }) => steps.map(({ kind }) => kind));
        const deleting = kinds.filter((kind) => /^(flush|reset|delete-orphans)$/.test(kind));
        expect(deleting).to.deep.equal([]);
        const result = after(view, evidence, plan);
        // Slots that were in order were not asked about: their keys stay.
        const doubted = new Set(slotsIn(doubtfulSlots(view, {})));
        const foreign = result.evidence.map(({ id, counts }) => {
          const own = result.view.claims.get(id)!.self.slots;
          const isOwn = (slot: number) =>
            own.some(({ first, last }) => first <= slot && slot <= last);
          return {
            id,
            counts: new Map([...counts].filter(([slot]) => doubted.has(slot) && !isOwn(slot))),
          };
        });
        expect(unresolved(diagnose(result.view, foreign), {})).to.deep.equal([]);
        const total = (said: typeof evidence) =>
          said.reduce(
            (sum, { counts }) => sum + [...counts.values()].reduce((a, b) => a + b, 0),
            0,
          );
        expect(total(result.evidence)).to.equal(total(evidence));
        expect(planFix(result.view, result.evidence).plan.stages).to.deep.equal([]);
      }),
      { numRuns: 30 },
    );
  });

  it('names the nodes it knows in every case', () => {
    const scene = sceneOf(open({ 0: migrating(100, 4) }), { 0: { 100: 1 } });
    expect(decide(scene).cases[0]!.situation).to.include(
      `10.0.0.1:7000 migrates it to a node nobody knows`,
    );
    expect(idOf(4)).to.have.length(40);
  });
});
