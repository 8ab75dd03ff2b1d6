/** What is left of a plan, for every way a slot can stand when a run was cut. */
import { expect } from 'chai';
import { pictureOf } from '../../src/lib/cluster/picture.js';
import { membersOf } from '../../src/lib/cluster/view.js';
import { formatRanges } from '../../src/lib/kernel/ranges.js';
import { planAbort, planUndo } from '../../src/lib/plan/plan-abort.js';
import { movesPlan, planFinish, planResume, type Begun } from '../../src/lib/plan/plan-resume.js';
import type { Plan } from '../../src/lib/plan/plan.js';
import { idOf, syntheticNodes, viewOf, type SyntheticNode } from '../support/synthetic-view.js';
import { thrownBy } from '../support/thrown-by.js';

/** Three primaries, a replica each: 0-5460, 5461-10922, the rest. Slots 0-9 were to go from 0 to 1. */
const before = viewOf(syntheticNodes());
const members = membersOf(before);
const [first, second] = [members[0]!, members[1]!];
const begun: Begun = {
  plan: movesPlan(
    'reshard',
    before,
    [{ source: first, target: second, slots: [{ first: 0, last: 9 }] }],
    'of a test',
  ),
  cluster: pictureOf(before),
  stepsDone: [],
};

type Change = (nodes: SyntheticNode[]) => void;
function after(change: Change) {
  const nodes = syntheticNodes();
  change(nodes);
  return viewOf(nodes);
}

/** `a000>a001 3-9`: from whom to whom, and what. */
const movesIn = ({ stages }: Plan): readonly string[] =>
  stages
    .flatMap(({ steps }) => steps)
    .flatMap((step) =>
      step.kind === 'move-slots'
        ? [`${step.source.id.slice(0, 4)}>${step.node.id.slice(0, 4)} ${formatRanges(step.slots)}`]
        : [step.kind],
    );

const gave =
  (slots: string, rest: string): Change =>
  (nodes) => {
    nodes[0]!.slots = rest;
    nodes[1]!.slots = `${slots} 5461-10922`;
    nodes[1]!.epoch = 9;
  };
const both =
  (...changes: Change[]): Change =>
  (nodes) => {
    for (const change of changes) change(nodes);
  };
const open =
  (node: number, marks: string): Change =>
  (nodes) =>
    (nodes[node]!.open = marks);
const [to1, from0] = [`->-${idOf(1)}]`, `-<-${idOf(0)}]`];

/** The replica of this primary has taken over, and the old one follows it. */
const failedOver =
  (primary: number): Change =>
  (nodes) => {
    const heir = nodes[primary + 3]!;
    heir.slots = nodes[primary]!.slots;
    heir.primary = undefined;
    heir.epoch = 20;
    Object.assign(nodes[primary]!, { slots: '', open: '', primary: primary + 3, epoch: 20 });
  };
const dead =
  (node: number): Change =>
  (nodes) => {
    nodes[node]!.flags = 'fail';
    nodes[node]!.silent = 'gone';
  };

describe('planResume', () => {
  const cases: readonly (readonly [string, Change, readonly string[], number])[] = [
    ['nothing was begun', () => undefined, ['a000>a001 0-9'], 0],
    ['some have moved', gave('0-3', '4-5460'), ['a000>a001 4-9'], 4],
    ['all have moved', gave('0-9', '10-5460'), [], 10],
    ['only the target was opened', open(1, `[0${from0}`), ['a000>a001 0-9'], 0],
    [
      'the source was not told that the target has it',
      both(gave('0', '0-5460'), open(0, `[0${to1}`)),
      ['a000>a001 0-9'],
      0,
    ],
    [
      'keys may have stayed behind at a node that is open for them',
      both(gave('0-9', '10-5460'), open(0, `[3-<-${idOf(1)}]`)),
      ['a000>a001 3'],
      9,
    ],
    [
      'the source has failed over',
      both(gave('0-3', '4-5460'), failedOver(0), open(1, `[4${from0}`)),
      ['tell-owner', 'a003>a001 4-9'],
      4,
    ],
    [
      'the target has failed over',
      both(gave('0-3', '4-5460'), open(0, `[4${to1}`), failedOver(1)),
      ['a000>a004 4-9'],
      4,
    ],
    ['both have failed over', both(failedOver(0), failedOver(1)), ['a003>a004 0-9'], 0],
    [
      'the target is dead, and its replica was elected',
      both(gave('0-3', '4-5460'), failedOver(1), dead(1), (nodes) => {
        nodes[1]!.primary = undefined;
      }),
      ['a000>a004 4-9'],
      4,
    ],
  ];
  for (const [what, change, moves, done] of cases) {
    it(`goes on when ${what}`, () => {
      const rest = planResume(after(change), begun);
      expect(movesIn(rest.plan)).to.deep.equal(moves);
      expect(rest.slotsDone).to.equal(done);
      expect(rest.plan.remarks).to.deep.equal([]);
    });
  }

  it('leaves alone what somebody else has taken, and says so once', () => {
    const view = after((nodes) => {
      nodes[0]!.slots = '5-5460';
      nodes[2]!.slots = '0-4 10923-16383';
      nodes[2]!.epoch = 9;
    });
    const { plan } = planResume(view, begun);
    expect(movesIn(plan)).to.deep.equal(['a000>a001 5-9']);
    expect(plan.remarks).to.have.length(1);
    expect(plan.remarks[0]).to.match(/^Slots 0-4 belong to .*a002/);
    const { settled } = plan.stages[0]!;
    expect(settled.kind === 'slots-settled' && formatRanges(settled.owners[0]!.slots)).to.equal(
      '5-9',
    );
  });

  it('cannot do without a node that nobody has succeeded', () => {
    const error = thrownBy(() => planResume(after(dead(1)), begun));
    expect(error.code).to.equal('REFUSED');
    expect(error.message).to.include('is not there');
    // It died with slots that it had got already: then it is the one to start again, not the source.
    const late = thrownBy(() => planResume(after(both(gave('0-3', '4-5460'), dead(1))), begun));
    expect(late.message)
      .to.include(members[1]!.id.slice(0, 8))
      .and.not.include(idOf(0).slice(0, 8));
  });

  it('does other steps that are not done yet, once, with whoever is there now', () => {
    const [node, primary] = [{ id: idOf(2), address: members[2]!.address }, members[1]!];
    const steps = [1, 2].map(() => ({
      ...{ kind: 'replicate' as const, why: 'of a test', node },
      primary: { id: primary.id, address: primary.address },
    }));
    const stages = [
      ...begun.plan.stages,
      { title: 'x', steps, settled: { kind: 'at-once' as const } },
    ];
    const plan = { ...begun.plan, stages };
    const view = after(both(gave('0-9', '10-5460'), failedOver(1)));
    const rest = planResume(view, { ...begun, plan, stepsDone: [{ stage: 1, step: 0 }] });
    expect(movesIn(rest.plan)).to.deep.equal(['replicate']);
    expect([...rest.places.values()]).to.deep.equal([{ stage: 1, step: 1 }]);
  });
});

describe('planFinish', () => {
  const cases: readonly (readonly [string, Change, readonly string[], boolean])[] = [
    ['nothing is open', () => undefined, [], false],
    [
      'both ends are open',
      both(open(0, `[7${to1}`), open(1, `[7${from0}`)),
      ['a000>a001 7'],
      false,
    ],
    ['only the source is', open(0, `[7${to1}`), ['a000>a001 7'], false],
    ['only the target is', open(1, `[7${from0}`), ['a000>a001 7'], false],
    [
      'the target has failed over',
      both(open(0, `[7${to1}`), failedOver(1)),
      ['a000>a004 7'],
      false,
    ],
    [
      'the target has it, and the source was not told',
      both(gave('7', '0-5460'), open(0, `[7${to1}`)),
      ['a000>a001 7'],
      false,
    ],
    [
      'the target has it, and the source has a mark left',
      both(gave('7', '0-6 8-5460'), open(0, `[7${to1}`)),
      ['a000>a001 7'],
      false,
    ],
    ['two wait for keys', both(open(1, `[7${from0}`), open(2, `[7${from0}`)), [], true],
    ['a replica is open', open(3, `[7${to1}`), [], true],
  ];
  for (const [what, change, moves, isUnclear] of cases) {
    it(`finishes forward when ${what}`, () => {
      const { plan } = planFinish(after(change));
      expect(movesIn(plan)).to.deep.equal(moves);
      expect(plan.remarks.length > 0).to.equal(isUnclear);
    });
  }
});

describe('planAbort', () => {
  it('touches what is open only, and goes forward where the target has the slot already', () => {
    const view = after(
      both(gave('0-3', '3-5460'), open(0, `[3${to1} [4${to1}`), open(1, `[4${from0} [5${from0}`)),
    );
    const { plan, open: stage } = planAbort(view, begun);
    expect(movesIn(plan)).to.deep.equal(['a000>a001 3', 'a000>a001 4-5']);
    expect(stage).to.equal(plan.stages[1]);
  });

  it('undoes what was moved, and says what cannot go back', () => {
    const moved = [{ source: idOf(0), target: idOf(1), slots: [{ first: 0, last: 9 }] }];
    const view = after(gave('0-3', '4-5460'));
    expect(movesIn(planUndo(view, begun, moved))).to.deep.equal(['a001>a000 0-3']);
    const gone = planUndo(after(both(gave('0-3', '4-5460'), dead(0))), begun, moved);
    expect(movesIn(gone)).to.deep.equal([]);
    expect(gone.remarks[0]).to.match(/^4 slots cannot go back: .*a000/);
  });
});
