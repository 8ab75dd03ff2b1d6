/** What a plan, and the picture of its cluster, must look like when they come from a file. */
import { isOpenMark, type ClusterPicture } from '../cluster/picture.js';
import { isNodeId } from '../kernel/node-id.js';
import type { SlotRange } from '../kernel/ranges.js';
import {
  aBoolean,
  aList,
  aRecord,
  aText,
  aTextThatIs,
  aWhole,
  aWord,
  oneOfKind,
  ShapeError,
  type Shape,
} from '../kernel/shape.js';
import { SLOT_COUNT } from '../kernel/slot.js';
import type { NodeRef, Plan, Settled, Stage, Step, StepKind } from './plan.js';

export const aNodeId = aTextThatIs(isNodeId, 'node id');
const aPort = aWhole(0, 65_535);
export const anAddress = aRecord({ host: aText, port: aPort }, { busPort: aPort });
const anEpoch = aWhole(0, Number.MAX_SAFE_INTEGER);

const aRange: Shape<SlotRange> = (value, path) => {
  const slot = aWhole(0, SLOT_COUNT - 1);
  const range = aRecord({ first: slot, last: slot })(value, path);
  if (range.first > range.last) throw new ShapeError(`${path}: it ends before it begins`);
  return range;
};
export const someSlots = aList(aRange, SLOT_COUNT);

const aNode: Shape<NodeRef> = aRecord(
  { id: aNodeId, address: anAddress },
  { announced: anAddress },
);
const someNodes = aList(aNode);

/** Every step has a reason and a node. */
function step<F extends Readonly<Record<string, Shape<unknown>>>, K extends string>(
  kind: K,
  fields: F,
) {
  return aRecord({ kind: aWord(kind), why: aText, node: aNode, ...fields });
}

/** A kind that is missing here fails to compile: its plans could be written, and not read. */
const STEPS: { readonly [K in StepKind]: Shape<Extract<Step, { readonly kind: K }>> } = {
  'assign-slots': step('assign-slots', { slots: someSlots }),
  'set-config-epoch': step('set-config-epoch', { epoch: anEpoch }),
  meet: step('meet', { target: aNode }),
  'move-slots': step('move-slots', { source: aNode, slots: someSlots }),
  'close-slots': step('close-slots', { slots: someSlots }),
  'give-up-move': step('give-up-move', { source: aNode, slots: someSlots }),
  'claim-slots': step('claim-slots', { slots: someSlots }),
  'yield-slots': step('yield-slots', { owner: aNode, slots: someSlots }),
  'bring-keys': step('bring-keys', { source: aNode, slots: someSlots, keepsOpen: aBoolean }),
  'bump-epoch': step('bump-epoch', {}),
  'tell-owner': step('tell-owner', { owner: aNode, slots: someSlots }),
  'delete-orphans': step('delete-orphans', { owner: aNode, slots: someSlots }),
  replicate: step('replicate', { primary: aNode }),
  'copy-functions': step('copy-functions', { from: aNode }),
  forget: step('forget', { target: aNodeId }),
  reset: step('reset', { mode: aWord('soft', 'hard') }),
  flush: step('flush', {}),
  shutdown: step('shutdown', {}),
  failover: step('failover', { mode: aWord('graceful', 'force', 'takeover') }),
  'set-config': step('set-config', { name: aText, value: aText, rewrite: aBoolean }),
};
const aStep: Shape<Step> = oneOfKind(STEPS);

const ENDS: {
  readonly [K in Settled['kind']]: Shape<Extract<Settled, { readonly kind: K }>>;
} = {
  'at-once': aRecord({ kind: aWord('at-once') }),
  joined: aRecord({ kind: aWord('joined'), members: someNodes }),
  replicating: aRecord({
    kind: aWord('replicating'),
    pairs: aList(aRecord({ node: aNode, primary: aNode })),
    witnesses: someNodes,
  }),
  promoted: aRecord({
    kind: aWord('promoted'),
    node: aNode,
    from: aNodeId,
    slots: someSlots,
    followers: someNodes,
    witnesses: someNodes,
  }),
  'slots-settled': aRecord({
    kind: aWord('slots-settled'),
    owners: aList(aRecord({ node: aNode, slots: someSlots })),
    witnesses: someNodes,
  }),
  forgotten: aRecord({ kind: aWord('forgotten'), target: aNodeId, witnesses: someNodes }),
  alone: aRecord({ kind: aWord('alone'), nodes: someNodes }),
};
const aSettled: Shape<Settled> = oneOfKind(ENDS);

const aStage: Shape<Stage> = aRecord({ title: aText, steps: aList(aStep), settled: aSettled });

export const aPlan: Shape<Plan> = aRecord({
  command: aText,
  fingerprint: aText,
  stages: aList(aStage),
  remarks: aList(aText),
});

export const aPicture: Shape<ClusterPicture> = aRecord({
  members: aList(
    aRecord(
      {
        id: aNodeId,
        address: anAddress,
        role: aWord('primary', 'replica'),
        configEpoch: anEpoch,
        slots: someSlots,
        open: aList(
          aTextThatIs((text): text is string => isOpenMark(text), 'mark of an open slot'),
        ),
      },
      { primaryId: aNodeId },
    ),
  ),
});
