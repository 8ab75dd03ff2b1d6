import { expect } from 'chai';
import fc from 'fast-check';
import { fingerprint } from '../../src/lib/cluster/fingerprint.js';
import { pictureOf } from '../../src/lib/cluster/picture.js';
import { membersOf } from '../../src/lib/cluster/view.js';
import { refOfMember } from '../../src/lib/plan/node-ref.js';
import { parsePlan, serialisePlan, type PlanFile } from '../../src/lib/plan/plan-file.js';
import type { Plan, Settled, Step } from '../../src/lib/plan/plan.js';
import { syntheticNodes, viewOf } from '../support/synthetic-view.js';

const view = viewOf(syntheticNodes());
const refs = membersOf(view).map(refOfMember);
const [a, b, c] = [refs[0]!, refs[1]!, { ...refs[2]!, announced: { host: '10.9.9.9', port: 1 } }];
const slots = [{ first: 0, last: 5 }];
const why = 'it is a test';

const STEPS: readonly Step[] = [
  { kind: 'assign-slots', node: a, slots, why },
  { kind: 'set-config-epoch', node: a, epoch: 4, why },
  { kind: 'meet', node: a, target: b, why },
  { kind: 'move-slots', node: b, source: a, slots, why },
  { kind: 'replicate', node: a, primary: c, why },
  { kind: 'copy-functions', from: a, node: b, why },
  { kind: 'forget', node: a, target: b.id, why },
  { kind: 'reset', node: a, mode: 'hard', why },
  { kind: 'flush', node: a, why },
  { kind: 'shutdown', node: a, why },
  { kind: 'failover', node: a, mode: 'force', why },
  { kind: 'set-config', node: a, name: 'x', value: 'y', rewrite: true, why },
];
const ENDS: readonly Settled[] = [
  { kind: 'at-once' },
  { kind: 'joined', members: refs },
  { kind: 'replicating', pairs: [{ node: a, primary: b }], witnesses: [c] },
  { kind: 'promoted', node: a, from: b.id, slots, followers: [c], witnesses: refs },
  { kind: 'slots-settled', owners: [{ node: b, slots }], witnesses: refs },
  { kind: 'forgotten', target: a.id, witnesses: [b] },
  { kind: 'alone', nodes: [a] },
];

const plan: Plan = {
  command: 'reshard',
  fingerprint: fingerprint(view),
  stages: ENDS.map((settled) => ({ title: `Zürich "${settled.kind}"`, steps: STEPS, settled })),
  remarks: ['ä'],
};
const file: PlanFile = {
  madeAt: '2026-01-02T03:04:05.678Z',
  entry: { host: '::1', port: 7000 },
  plan,
  cluster: pictureOf(view),
};

describe('a plan file', () => {
  it('reads back what was written, whatever the steps', () => {
    expect(parsePlan(serialisePlan(file))).to.deep.equal({ ok: true, value: file });
  });

  it('takes one that was only indented anew', () => {
    const compact = JSON.stringify(JSON.parse(serialisePlan(file)));
    expect(parsePlan(compact).ok).to.equal(true);
  });

  it('notices wherever it is cut off, and whatever letter is changed', () => {
    const text = serialisePlan(file);
    const value = JSON.parse(text) as unknown;
    fc.assert(
      fc.property(fc.nat(text.length - 2), fc.constantFrom('x', '0', '"', '}'), (at, letter) => {
        expect(parsePlan(text.slice(0, at)).ok).to.equal(false);
        const altered = `${text.slice(0, at)}${letter}${text.slice(at + 1)}`;
        const isSame = (() => {
          try {
            return JSON.stringify(JSON.parse(altered)) === JSON.stringify(value);
          } catch {
            return false;
          }
        })();
        expect(parsePlan(altered).ok, `${letter} at ${at}`).to.equal(isSame);
      }),
      { numRuns: 300 },
    );
  });

  it('says of a file of another format, or of another program, what it is', () => {
    const newer = JSON.parse(serialisePlan(file)) as Record<string, unknown>;
    newer['schemaVersion'] = 2;
    expect(parsePlan(JSON.stringify(newer))).to.deep.include({
      error: 'it is of format 2; this trib reads 1',
    });
    for (const text of ['', '[]', 'null', '{"kind":"x"}', '7'])
      expect(parsePlan(text).ok, text).to.equal(false);
  });
});
