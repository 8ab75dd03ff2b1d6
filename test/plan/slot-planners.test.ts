/** Laws of the planners that move slots, and their refusals. */
import { expect } from 'chai';
import fc from 'fast-check';
import { diagnose } from '../../src/lib/cluster/diagnose.js';
import type { ClusterView } from '../../src/lib/cluster/model.js';
import { membersOf, type Member } from '../../src/lib/cluster/view.js';
import type { NodeId } from '../../src/lib/kernel/node-id.js';
import { countSlots, formatRanges, rangesWhere, slotsIn } from '../../src/lib/kernel/ranges.js';
import { SLOT_COUNT } from '../../src/lib/kernel/slot.js';
import { planDrain } from '../../src/lib/plan/plan-drain.js';
import { planMoveSlots } from '../../src/lib/plan/plan-move-slots.js';
import { planRebalance, type RebalanceWish } from '../../src/lib/plan/plan-rebalance.js';
import { planReshard } from '../../src/lib/plan/plan-reshard.js';
import type { Plan } from '../../src/lib/plan/plan.js';
import { project } from '../../src/lib/plan/project.js';
import { parseSlots } from '../../src/lib/plan/slots/parse-slots.js';
import { pourOver, quotasOf, sharesOf } from '../../src/lib/plan/slots/shares.js';
import { loadOf, type SlotLoads } from '../../src/lib/plan/slots/slot-loads.js';
import { idOf, syntheticNodes, viewOf, type SyntheticNode } from '../support/synthetic-view.js';
import { thrownBy } from '../support/thrown-by.js';

const slotsMoved = ({ stages }: Plan): number =>
  stages
    .flatMap(({ steps }) => steps)
    .reduce((sum, step) => sum + (step.kind === 'move-slots' ? countSlots(step.slots) : 0), 0);

const memberAt = (view: ClusterView, id: NodeId): Member =>
  membersOf(view).find((member) => member.id === id)!;

const countsOf = (view: ClusterView, ids: readonly NodeId[]): number[] =>
  ids.map((id) => countSlots(memberAt(view, id).slots));

function changed(change: (nodes: SyntheticNode[]) => void, options = {}): ClusterView {
  const all = syntheticNodes(options);
  change(all);
  return viewOf(all);
}

/** Primaries that own what chance gave them, in pieces; some own nothing. */
const anyLayout = fc
  .record({
    primaries: fc.integer({ min: 2, max: 7 }),
    cuts: fc.array(fc.tuple(fc.integer({ min: 0, max: SLOT_COUNT - 1 }), fc.nat()), {
      minLength: 0,
      maxLength: 12,
    }),
    empty: fc.integer({ min: 0, max: 2 }),
  })
  .map((recipe) => ({ toString: () => JSON.stringify(recipe), view: viewAs(recipe) }));

interface Recipe {
  readonly primaries: number;
  readonly cuts: readonly (readonly [number, number])[];
  readonly empty: number;
}

function viewAs({ primaries, cuts, empty }: Recipe): ClusterView {
  const nodes = syntheticNodes({ nodes: primaries + empty, replicas: 0 });
  const owner = new Array<number>(SLOT_COUNT).fill(0);
  const sorted = [...cuts].sort(([a], [b]) => a - b);
  sorted.forEach(([first, pick], index) => {
    owner.fill(pick % primaries, first, sorted[index + 1]?.[0] ?? SLOT_COUNT);
  });
  nodes.forEach((node, index) => {
    node.slots = formatRanges(rangesWhere((slot) => owner[slot] === index)).replaceAll(',', ' ');
  });
  return viewOf(nodes);
}

/** Errors a plan could have caused: nodes without slots are no business of these planners. */
const errorsIn = (view: ClusterView): readonly string[] =>
  diagnose(view)
    .filter(({ severity }) => severity === 'error')
    .map(({ id }) => id);

describe('sharing out', () => {
  it('divides exactly, by largest remainder, and takes from nobody more than there is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(5_000), { minLength: 1, maxLength: 9 }),
        fc.nat(),
        (sizes, pick) => {
          const total = sizes.reduce((sum, size) => sum + size, 0);
          const count = total === 0 ? 0 : pick % (total + 1);
          const shares = sharesOf(count, sizes);
          expect(shares.reduce((sum, share) => sum + share, 0)).to.equal(count);
          shares.forEach((share, index) => expect(share).to.be.at.most(sizes[index]!));
        },
      ),
    );
    // What the incumbents make of these: 4,3,3; 1,0,0; 1,0,0,0,0; and 10 in total.
    expect(sharesOf(10, [5, 5, 5])).to.deep.equal([4, 3, 3]);
    expect(sharesOf(2, [5, 5, 5])).to.deep.equal([1, 1, 0]);
    expect(sharesOf(4, [9, 9, 9, 9, 9])).to.deep.equal([1, 1, 1, 1, 0]);
    expect(sharesOf(17, Array<number>(9).fill(9)).reduce((sum, share) => sum + share)).to.equal(17);
  });

  it('keeps every quota within one of the exact share', () => {
    const weight = fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 50, noNaN: true }));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(weight, fc.nat(4_000)), { minLength: 1, maxLength: 200 }),
        (of) => {
          const weights = of.map(([each]) => each);
          const sum = weights.reduce((all, each) => all + each, 0);
          fc.pre(sum > 0);
          const quotas = quotasOf(
            SLOT_COUNT,
            weights,
            of.map(([, owned]) => owned),
          );
          expect(quotas.reduce((all, each) => all + each, 0)).to.equal(SLOT_COUNT);
          quotas.forEach((quota, index) => {
            expect(Math.abs(quota - (SLOT_COUNT * weights[index]!) / sum)).to.be.below(1);
            if (weights[index] === 0) expect(quota).to.equal(0);
          });
        },
      ),
    );
  });

  it('pours evenly: whoever got something is no fuller than the rest by more than one', () => {
    fc.assert(
      fc.property(
        fc.nat(9_000),
        fc.array(fc.nat(5_000), { minLength: 1, maxLength: 9 }),
        (amount, levels) => {
          const added = pourOver(amount, levels);
          expect(added.reduce((sum, each) => sum + each, 0)).to.equal(amount);
          const after = levels.map((level, index) => level + added[index]!);
          const lowest = Math.min(...after);
          after.forEach((level, index) => {
            expect(added[index]).to.be.at.least(0);
            if (added[index]! > 0) expect(level).to.be.at.most(lowest + 1);
          });
        },
      ),
    );
  });
});

describe('slots as people type them', () => {
  it('takes numbers and ranges, with commas or as words', () => {
    expect(formatRanges(parseSlots(['0-99,5461', '[100]', '16383']))).to.equal('0-100,5461,16383');
    expect(parseSlots([''])).to.deep.equal([]);
  });

  for (const word of ['16384', '-1', '5-', '9-3', 'a', '1.5', '0-16384', '1--2', '0x10']) {
    it(`refuses ${word}`, () => {
      expect(thrownBy(() => parseSlots([word])).code).to.equal('USAGE');
    });
  }
});

describe('planReshard', () => {
  const three = () => viewOf(syntheticNodes({ nodes: 3, replicas: 0 }));
  const wish = (count: number, to = 0) =>
    ({ count, targetId: idOf(to), sourceIds: 'all' }) as const;

  it('moves exactly as many as asked for, and leaves a clean cluster', () => {
    fc.assert(
      fc.property(anyLayout, fc.nat(), fc.nat(), ({ view }, pick, asked) => {
        const primaries = membersOf(view);
        const target = primaries[pick % primaries.length]!;
        const available = SLOT_COUNT - countSlots(target.slots);
        fc.pre(available > 0);
        const count = 1 + (asked % available);
        const { plan } = planReshard(view, { count, targetId: target.id, sourceIds: 'all' });
        const after = project(view, plan);
        expect(slotsMoved(plan)).to.equal(count);
        expect(countSlots(memberAt(after, target.id).slots)).to.equal(
          countSlots(target.slots) + count,
        );
        expect(errorsIn(after)).to.deep.equal([]);
      }),
      { numRuns: 30 },
    );
  });

  it('takes ends of ranges that meet, not the lowest numbers', () => {
    const view = changed((nodes) => (nodes[3]!.slots = ''), { nodes: 4, replicas: 0 });
    const whole = changed(
      (nodes) => {
        [nodes[0]!.slots, nodes[1]!.slots, nodes[2]!.slots] = [
          '0-5460',
          '5461-10922',
          '10923-16383',
        ];
        nodes[3]!.slots = '';
      },
      { nodes: 4, replicas: 0 },
    );
    expect(view.claims.size).to.equal(4);
    const { plan } = planReshard(whole, wish(4_096, 3));
    const after = project(whole, plan);
    const ranges = [0, 1, 2, 3].map((index) => memberAt(after, idOf(index)).slots.length);
    expect(ranges).to.deep.equal([1, 1, 1, 2]);
  });

  it('takes what borders on the target, which stays in one piece', () => {
    const { plan } = planReshard(three(), { ...wish(100, 1), sourceIds: [idOf(0), idOf(2)] });
    const after = project(three(), plan);
    expect(memberAt(after, idOf(1)).slots).to.have.length(1);
  });

  it('says how many there are when there are too few', () => {
    const error = thrownBy(() =>
      planReshard(three(), { count: 5_500, targetId: idOf(0), sourceIds: [idOf(1)] }),
    );
    expect(error.code).to.equal('REFUSED');
    expect(error.message).to.contain('the source nodes own 5462');
  });

  it('refuses numbers that are none, and sources and targets that cannot be', () => {
    for (const count of [0, -1, 1.5, NaN, Infinity, 16_385]) {
      expect(thrownBy(() => planReshard(three(), wish(count))).code, `${count}`).to.equal('USAGE');
    }
    const view = viewOf(syntheticNodes());
    expect(thrownBy(() => planReshard(view, wish(1, 3))).code).to.equal('NOT_A_PRIMARY');
    const toReplica = { id: idOf(0), targetIds: [idOf(4)], remove: false };
    const error = thrownBy(() => planDrain(view, toReplica));
    expect(error.message).to.contain('10.0.0.5:7004').and.to.contain('can take no slots');
    expect(error.hints.join()).to.contain('10.0.0.2:7001');
    expect(thrownBy(() => planReshard(view, wish(1, 77))).code).to.equal('UNKNOWN_NODE');
    const from = (...sourceIds: NodeId[]) =>
      thrownBy(() => planReshard(view, { count: 1, targetId: idOf(0), sourceIds })).code;
    expect(from(idOf(0))).to.equal('USAGE');
    expect(from()).to.equal('USAGE');
    expect(from(idOf(4))).to.equal('NOT_A_PRIMARY');
    expect(from(idOf(88))).to.equal('UNKNOWN_NODE');
  });

  it('names an owner that cannot be reached', () => {
    const view = changed((nodes) => {
      nodes[1]!.flags = 'fail';
      nodes[1]!.silent = 'connect ECONNREFUSED';
    });
    const error = thrownBy(() => planReshard(view, wish(10)));
    expect(error.code).to.equal('REFUSED');
    expect(error.message).to.contain('10.0.0.2:7001').and.to.contain('ECONNREFUSED');
  });

  it('says what becomes of a source that gives its last slots away', () => {
    const view = viewOf(syntheticNodes());
    const { plan } = planReshard(view, {
      count: 5_461,
      targetId: idOf(0),
      sourceIds: [idOf(2)],
    });
    expect(plan.remarks.join()).to.contain('gives its last slots away');
    const after = project(view, plan);
    expect(memberAt(after, idOf(2))).to.include({ role: 'replica', primaryId: idOf(0) });
  });
});

describe('planMoveSlots', () => {
  const view = viewOf(syntheticNodes({ nodes: 3, replicas: 0 }));

  it('moves the slots that are named, each from its owner, and none the target has', () => {
    fc.assert(
      fc.property(
        anyLayout,
        fc.nat(),
        fc.array(fc.nat(16_383), { minLength: 1 }),
        ({ view: any }, to, some) => {
          const members = membersOf(any);
          const target = members[to % members.length]!;
          const slots = rangesWhere((slot) => some.includes(slot));
          const { plan } = planMoveSlots(any, { slots, targetId: target.id });
          const after = project(any, plan);
          const owned = new Set(slotsIn(memberAt(after, target.id).slots));
          expect(some.every((slot) => owned.has(slot))).to.equal(true);
          const before = new Set(slotsIn(target.slots));
          expect(slotsMoved(plan)).to.equal(new Set(some.filter((slot) => !before.has(slot))).size);
          expect(errorsIn(after)).to.deep.equal([]);
          expect(planMoveSlots(after, { slots, targetId: target.id }).plan.stages).to.deep.equal(
            [],
          );
        },
      ),
      { numRuns: 25 },
    );
  });

  it('leaves out what the target has already, and says so', () => {
    const { plan, transfers } = planMoveSlots(view, {
      slots: parseSlots(['5460-5463']),
      targetId: idOf(0),
    });
    expect(transfers.map(({ slots }) => formatRanges(slots))).to.deep.equal(['5461-5463']);
    expect(plan.remarks).to.deep.equal([`10.0.0.1:7000 (a0000000) owns slot 5460 already.`]);
  });

  it('refuses slots that are nobody’s or not the named source’s, and source equal to target', () => {
    const gap = changed((nodes) => (nodes[0]!.slots = '1-5460'), { nodes: 3, replicas: 0 });
    const slots = parseSlots(['0-1']);
    expect(thrownBy(() => planMoveSlots(gap, { slots, targetId: idOf(1) })).message).to.contain(
      'Nobody owns 0',
    );
    const foreign = thrownBy(() =>
      planMoveSlots(view, { slots, targetId: idOf(1), sourceId: idOf(2) }),
    );
    expect(foreign.message).to.contain('does not own 0-1');
    const same = thrownBy(() =>
      planMoveSlots(view, { slots, targetId: idOf(1), sourceId: idOf(1) }),
    );
    expect(same.code).to.equal('USAGE');
    expect(thrownBy(() => planMoveSlots(view, { slots: [], targetId: idOf(1) })).code).to.equal(
      'USAGE',
    );
  });
});

describe('planRebalance', () => {
  const anyWish = fc.record({
    weights: fc.array(
      fc.oneof(fc.constant(0), fc.constant(1), fc.double({ min: 0.1, max: 9, noNaN: true })),
      {
        maxLength: 9,
      },
    ),
    useEmpty: fc.boolean(),
    thresholdPercent: fc.constantFrom(0, 2, 10),
  });

  function wishFor(
    view: ClusterView,
    any: { weights: number[]; useEmpty: boolean; thresholdPercent: number },
  ): RebalanceWish {
    const members = membersOf(view);
    const weights = new Map<NodeId, number>();
    any.weights.slice(0, members.length).forEach((weight, index) => {
      weights.set(members[index]!.id, weight);
    });
    return { ...any, weights };
  }

  /** Who takes part, with what each should own to the fraction. */
  function expected(view: ClusterView, wish: RebalanceWish) {
    const involved = membersOf(view).filter(
      ({ slots }) => wish.useEmpty === true || slots.length > 0,
    );
    const weightOf = ({ id }: Member) => wish.weights!.get(id) ?? 1;
    const sum = involved.reduce((all, member) => all + weightOf(member), 0);
    return involved.map((member) => ({
      member,
      weight: weightOf(member),
      exact: (SLOT_COUNT * weightOf(member)) / sum,
    }));
  }

  it('story 16: ends, covers all slots, keeps the weights within one slot, moves no slot more than it must, and does nothing the second time', () => {
    fc.assert(
      fc.property(anyLayout, anyWish, ({ view }, any) => {
        const wish = wishFor(view, any);
        const shares = expected(view, wish);
        fc.pre(shares.some(({ weight }) => weight > 0));
        const { plan } = planRebalance(view, wish);
        const after = project(view, plan);
        const owned = shares.map(({ member }) => countSlots(memberAt(after, member.id).slots));
        expect(owned.reduce((sum, count) => sum + count, 0)).to.equal(SLOT_COUNT);
        expect(errorsIn(after)).to.deep.equal([]);
        shares.forEach(({ weight, exact, member }, index) => {
          if (weight === 0) expect(owned[index]).to.equal(0);
          const before = countSlots(member.slots);
          // Either within one slot of the share, or nobody was off by more than the threshold.
          if (plan.stages.length > 0) expect(Math.abs(owned[index]! - exact)).to.be.below(1);
          else if (before > 0) {
            const quota = Math.abs(before - exact) < 1 ? before : exact;
            expect(Math.abs(100 - (100 * quota) / before)).to.be.at.most(
              wish.thresholdPercent! + 100 / before,
            );
          }
        });
        if (plan.stages.length > 0) {
          // No layout with every node at its share rounded down or up is reached with fewer moves.
          const surplus = shares.reduce(
            (sum, { member, exact }) =>
              sum + Math.max(0, countSlots(member.slots) - Math.ceil(exact - 1e-6)),
            0,
          );
          const lack = shares.reduce(
            (sum, { member, exact }) =>
              sum + Math.max(0, Math.floor(exact + 1e-6) - countSlots(member.slots)),
            0,
          );
          expect(slotsMoved(plan)).to.equal(Math.max(surplus, lack));
        }
        const replicasNow = membersOf(after).filter(({ role }) => role === 'replica');
        const again: RebalanceWish = {
          ...wish,
          weights: new Map(
            [...wish.weights!].filter(([id]) => !replicasNow.some((member) => member.id === id)),
          ),
        };
        expect(planRebalance(after, again).plan.stages).to.deep.equal([]);
      }),
      { numRuns: 40 },
    );
  });

  it('story 16: 201 nodes get 81 or 82 slots each, and it ends', () => {
    const nodes = syntheticNodes({ nodes: 201, replicas: 0 });
    nodes.forEach((node, index) => (node.slots = index === 0 ? '0-16383' : ''));
    const view = viewOf(nodes);
    const after = project(view, planRebalance(view, { useEmpty: true }).plan);
    const counts = countsOf(
      after,
      nodes.map(({ id }) => id),
    );
    expect(Math.min(...counts)).to.equal(81);
    expect(Math.max(...counts)).to.equal(82);
  });

  it('story 16: a node of weight 0 with one slot is emptied, where the rest has nothing to take', () => {
    const view = changed(
      (nodes) => {
        [nodes[0]!.slots, nodes[1]!.slots] = ['0-5460', '5461-10921'];
        [nodes[2]!.slots, nodes[3]!.slots] = ['10922-16382', '16383'];
      },
      { nodes: 4, replicas: 0 },
    );
    const { plan } = planRebalance(view, { weights: new Map([[idOf(3), 0]]) });
    expect(slotsMoved(plan)).to.equal(1);
    expect(memberAt(project(view, plan), idOf(3))).to.include({ role: 'replica' });
  });

  it('keeps ranges in one piece where that can be', () => {
    const view = changed(
      (nodes) => {
        [nodes[0]!.slots, nodes[1]!.slots] = ['0-5460', '5461-10922'];
        [nodes[2]!.slots, nodes[3]!.slots] = ['10923-16383', ''];
      },
      { nodes: 4, replicas: 0 },
    );
    const { plan } = planRebalance(view, { useEmpty: true });
    const ranges = membersOf(project(view, plan)).map(({ slots }) => slots.length);
    expect(ranges.reduce((sum, count) => sum + count, 0)).to.be.at.most(5);
  });

  it('leaves alone what is within the threshold; 0 evens out every difference', () => {
    const view = changed((nodes) => {
      [nodes[0]!.slots, nodes[1]!.slots, nodes[2]!.slots] = ['0-5500', '5501-10922', '10923-16383'];
    });
    expect(planRebalance(view).plan.stages).to.deep.equal([]);
    expect(slotsMoved(planRebalance(view, { thresholdPercent: 0 }).plan)).to.equal(39);
  });

  it('refuses weights and thresholds that are none', () => {
    const view = viewOf(syntheticNodes());
    const code = (wish: RebalanceWish) => thrownBy(() => planRebalance(view, wish)).code;
    for (const weight of [-1, NaN, Infinity]) {
      expect(code({ weights: new Map([[idOf(0), weight]]) })).to.equal('USAGE');
    }
    expect(code({ weights: new Map([0, 1, 2].map((index) => [idOf(index), 0])) })).to.equal(
      'USAGE',
    );
    expect(code({ weights: new Map([[idOf(4), 1]]) })).to.equal('NOT_A_PRIMARY');
    expect(code({ weights: new Map([[idOf(99), 1]]) })).to.equal('UNKNOWN_NODE');
    for (const thresholdPercent of [-1, NaN]) expect(code({ thresholdPercent })).to.equal('USAGE');
  });

  it('says that a weight for a primary without slots has no effect', () => {
    const view = changed((nodes) => {
      nodes[0]!.slots = '0-10922';
      nodes[1]!.slots = '';
    });
    const { plan } = planRebalance(view, { weights: new Map([[idOf(1), 3]]) });
    expect(plan.remarks.join()).to.contain('--use-empty-masters');
  });
});

describe('planRebalance by load', () => {
  const loadsOf = (load: (slot: number) => number): SlotLoads => ({
    measure: 'keys',
    of: Float64Array.from({ length: SLOT_COUNT }, (_, slot) => load(slot)),
  });

  const anyLoads = fc
    .record({
      hot: fc.array(fc.tuple(fc.nat(16_383), fc.integer({ min: 1, max: 100_000 })), {
        maxLength: 20,
      }),
      base: fc.constantFrom(0, 1, 7),
    })
    .map(({ hot, base }) => {
      const peaks = new Map(hot);
      const loads = loadsOf((slot) => base * (slot % 5) + (peaks.get(slot) ?? 0));
      return { toString: () => JSON.stringify({ hot, base }), loads };
    });

  const spread = (shares: readonly number[]): number => {
    const mean = shares.reduce((sum, load) => sum + load, 0) / shares.length;
    return shares.reduce((sum, load) => sum + (load - mean) ** 2, 0);
  };

  it('makes it more even, never less; ends; and does nothing the second time', () => {
    fc.assert(
      fc.property(anyLayout, anyLoads, fc.boolean(), ({ view }, { loads }, useEmpty) => {
        const { plan, shares, isWithin } = planRebalance(view, { loads, useEmpty });
        const after = project(view, plan);
        expect(errorsIn(after)).to.deep.equal([]);
        expect(spread(shares.map((share) => share.after.load))).to.be.at.most(
          spread(shares.map((share) => share.before.load)) + 1e-6,
        );
        shares.forEach(({ member, after: { load } }) => {
          expect(load).to.equal(loadOf(loads, memberAt(after, member.id).slots));
          expect(memberAt(after, member.id).role).to.equal('primary');
        });
        const again = planRebalance(after, { loads, useEmpty });
        expect(again.plan.stages).to.deep.equal([]);
        expect(again.isWithin).to.equal(isWithin);
      }),
      { numRuns: 30 },
    );
  });

  it('moves few slots: the two that weigh, not half of all', () => {
    const view = viewOf(syntheticNodes({ nodes: 3, replicas: 0 }));
    const hot = new Set([10, 20, 30]);
    const { plan, isWithin } = planRebalance(view, {
      loads: loadsOf((slot) => (hot.has(slot) ? 1_000 : 0)),
    });
    expect(slotsMoved(plan)).to.equal(2);
    expect(isWithin).to.equal(true);
  });

  it('moves a run at the end of a range where all slots weigh alike', () => {
    const view = changed(
      (nodes) => {
        [nodes[0]!.slots, nodes[1]!.slots] = ['0-9999', '10000-16383'];
      },
      { nodes: 2, replicas: 0 },
    );
    const { transfers } = planRebalance(view, { loads: loadsOf((slot) => 50 + (slot % 3)) });
    expect(transfers).to.have.length(1);
    expect(transfers[0]!.slots).to.have.length(1);
    expect(transfers[0]!.slots[0]!.last).to.equal(9_999);
  });

  it('says when one slot is heavier than any share', () => {
    const view = viewOf(syntheticNodes({ nodes: 3, replicas: 0 }));
    const decision = planRebalance(view, { loads: loadsOf((slot) => (slot === 5 ? 1_000 : 0)) });
    expect(decision).to.deep.include({ transfers: [], isWithin: false });
  });

  it('empties a node of weight 0, of slots without load as well, over all others', () => {
    const view = viewOf(syntheticNodes({ nodes: 3, replicas: 0 }));
    for (const load of [0, 1]) {
      const { plan } = planRebalance(view, {
        loads: loadsOf(() => load),
        weights: new Map([[idOf(1), 0]]),
      });
      const [first, , third] = countsOf(project(view, plan), [0, 1, 2].map(idOf));
      expect(first! + third!).to.equal(SLOT_COUNT);
      expect(Math.abs(first! - third!)).to.be.below(200);
    }
  });
});

describe('planDrain', () => {
  it('empties the node, levels the others, leaves no replica behind, and ends clean', () => {
    fc.assert(
      fc.property(anyLayout, fc.nat(), ({ view }, pick) => {
        const owners = membersOf(view).filter(({ slots }) => slots.length > 0);
        fc.pre(owners.length > 1);
        const victim = owners[pick % owners.length]!;
        const { plan } = planDrain(view, { id: victim.id, remove: false });
        expect(slotsMoved(plan)).to.equal(countSlots(victim.slots));
        const after = project(view, plan);
        expect(errorsIn(after)).to.deep.equal([]);
        const grown = owners
          .filter(({ id }) => id !== victim.id)
          .map(({ id, slots }) => ({
            before: countSlots(slots),
            now: countSlots(memberAt(after, id).slots),
          }));
        const lowest = Math.min(...grown.map(({ now }) => now));
        for (const { before, now } of grown)
          if (now > before) expect(now).to.be.at.most(lowest + 1);
      }),
      { numRuns: 25 },
    );
  });

  it('gives its replicas another primary, and takes the node out when told to', () => {
    const view = viewOf(syntheticNodes({ nodes: 9, replicas: 2 }));
    const { plan } = planDrain(view, { id: idOf(0), remove: true });
    const kinds = plan.stages.map(({ steps }) => steps[0]!.kind);
    expect(kinds).to.deep.equal(['move-slots', 'replicate', 'reset', 'forget']);
    const after = project(view, plan);
    expect(after.claims.has(idOf(0))).to.equal(false);
    expect(errorsIn(after)).to.deep.equal([]);
    const followers = [1, 2].map(
      (index) => membersOf(after).filter(({ primaryId }) => primaryId === idOf(index)).length,
    );
    expect(followers).to.deep.equal([3, 3]);
  });

  it('moves to the nodes named only', () => {
    const view = viewOf(syntheticNodes());
    const { plan } = planDrain(view, { id: idOf(0), targetIds: [idOf(2)], remove: false });
    expect(countsOf(project(view, plan), [1, 2].map(idOf))).to.deep.equal([5_462, 10_922]);
  });

  it('refuses a replica, the only primary, an unknown node, itself as target, a target that is down', () => {
    const view = viewOf(syntheticNodes());
    const refusal = (id: NodeId, targetIds?: readonly NodeId[], of = view) =>
      thrownBy(() => planDrain(of, { id, targetIds, remove: false })).code;
    expect(refusal(idOf(4))).to.equal('NOT_A_PRIMARY');
    expect(refusal(idOf(44))).to.equal('UNKNOWN_NODE');
    expect(refusal(idOf(0), [idOf(0)])).to.equal('USAGE');
    expect(refusal(idOf(0), [])).to.equal('USAGE');
    expect(refusal(idOf(0), [idOf(4)])).to.equal('NOT_A_PRIMARY');
    // `--to ''`, as of a variable that is not set: nobody takes the slots, and they do not stay in silence.
    expect(refusal(idOf(0), [])).to.equal('USAGE');
    const alone = viewOf(syntheticNodes({ nodes: 1, replicas: 0 }));
    expect(refusal(idOf(0), undefined, alone)).to.equal('REFUSED');
    const down = changed((nodes) => {
      nodes[1]!.flags = 'fail';
      nodes[1]!.silent = 'gone';
    });
    expect(refusal(idOf(0), [idOf(1)], down)).to.equal('REFUSED');
  });
});
