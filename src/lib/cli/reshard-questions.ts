/** What `reshard` asks where an option does not say it, in the words of redis-trib. */
import { formatAddress } from '../cluster/address.js';
import type { ClusterView } from '../cluster/model.js';
import { selectNode } from '../cluster/select-node.js';
import type { Member } from '../cluster/view.js';
import { TribError } from '../kernel/errors.js';
import type { NodeId } from '../kernel/node-id.js';
import { countSlots } from '../kernel/ranges.js';
import { SLOT_COUNT } from '../kernel/slot.js';
import type { ReshardWish } from '../plan/plan-reshard.js';
import { primariesOf } from '../plan/slots/slot-plan.js';
import type { Dialogue } from './dialogue.js';

/** What was said on the command line. */
export interface ReshardOptions {
  readonly count?: number | undefined;
  readonly to?: string | undefined;
  readonly from?: string | undefined;
}

/** @throws TribError for options that are wrong; DECLINED at the end of input */
export async function askReshard(
  view: ClusterView,
  options: ReshardOptions,
  dialogue: Dialogue,
): Promise<ReshardWish> {
  // Options first: a typo in one of them should not cost three answers.
  const to = options.to === undefined ? undefined : primaryFrom(view, options.to);
  const from = options.from === undefined ? undefined : sourceIdsFrom(view, options.from, to?.id);
  const count =
    options.count ??
    (await dialogue.askUntil(
      `How many slots do you want to move (from 1 to ${SLOT_COUNT})? `,
      slotCountFrom,
    ));
  const target =
    to ??
    (await dialogue.askUntil('What is the receiving node ID? ', (answer) =>
      primaryFrom(view, answer),
    ));
  const sourceIds = from ?? (await askSources(view, target, count, dialogue));
  return { count, targetId: target.id, sourceIds };
}

/** @throws TribError DECLINED unless 'yes' is typed in full */
export async function consent(dialogue: Dialogue): Promise<void> {
  const answer = await dialogue.ask(
    'Do you want to proceed with the proposed reshard plan (yes/no)? ',
  );
  if (answer.toLowerCase() === 'yes') return;
  throw new TribError('DECLINED', 'Declined: nothing was changed.', {
    hint: "Only 'yes' in full accepts.",
  });
}

/** @throws TribError USAGE for anything but a whole number of slots */
export function slotCountFrom(text: string): number {
  const count = /^\d{1,6}$/.test(text.trim()) ? Number(text) : 0;
  if (count >= 1 && count <= SLOT_COUNT) return count;
  throw new TribError('USAGE', `'${text}' is no number of slots.`, {
    hint: `Give a whole number from 1 to ${SLOT_COUNT}.`,
  });
}

/** @throws TribError USAGE, UNKNOWN_NODE, AMBIGUOUS_NODE, NOT_A_PRIMARY */
function sourceIdsFrom(
  view: ClusterView,
  text: string,
  targetId: NodeId | undefined,
): ReshardWish['sourceIds'] {
  const words = text.split(',').filter((word) => word.trim() !== '');
  if (words.some((word) => word.trim() === 'all')) {
    if (words.length === 1) return 'all';
    throw new TribError('USAGE', `--from ${text}: 'all' means every other primary already.`, {
      hint: "Name the source nodes, or say 'all' alone.",
    });
  }
  const ids = words.map((word) => primaryFrom(view, word).id);
  if (ids.length === 0) throw new TribError('USAGE', 'No source nodes are given.');
  if (targetId !== undefined && ids.includes(targetId)) throw targetIsSource();
  return ids;
}

async function askSources(
  view: ClusterView,
  target: Member,
  count: number,
  dialogue: Dialogue,
): Promise<ReshardWish['sourceIds']> {
  dialogue.tell([
    'Please enter all the source node IDs.',
    "  Type 'all' to use all the nodes as source nodes for the hash slots.",
    "  Type 'done' once you entered all the source nodes IDs.",
  ]);
  const ids = new Set<NodeId>();
  for (;;) {
    const next = await dialogue.askUntil(`Source node #${ids.size + 1}: `, (answer) =>
      sourceFrom(view, answer, { target, count, ids }),
    );
    if (next === 'all') return 'all';
    if (next === 'done') return [...ids];
    ids.add(next);
  }
}

interface Sources {
  readonly target: Member;
  readonly count: number;
  readonly ids: ReadonlySet<NodeId>;
}

function sourceFrom(
  view: ClusterView,
  answer: string,
  { target, count, ids }: Sources,
): NodeId | 'all' | 'done' {
  if (answer === 'all') return 'all';
  if (answer === 'done') {
    const owned = primariesOf(view)
      .filter(({ id }) => ids.has(id))
      .reduce((sum, { slots }) => sum + countSlots(slots), 0);
    if (ids.size === 0) throw new TribError('USAGE', 'No source nodes are given yet.');
    if (owned >= count) return 'done';
    throw new TribError('USAGE', `These own ${owned} slots only, fewer than ${count}.`, {
      hint: "Name more source nodes, or 'all'.",
    });
  }
  const { id, address } = primaryFrom(view, answer);
  if (id === target.id) throw targetIsSource();
  if (ids.has(id)) {
    throw new TribError('USAGE', `${formatAddress(address)} is a source node already.`);
  }
  return id;
}

function primaryFrom(view: ClusterView, text: string): Member {
  try {
    return selectNode(view, text, { role: 'primary' });
  } catch (error) {
    if (!(error instanceof TribError)) throw error;
    const { code, message, hints, details } = error;
    throw new TribError(
      code,
      `The specified node (${text}) is not known or not a master: ${message}`,
      { hint: hints, details, cause: error },
    );
  }
}

function targetIsSource(): TribError {
  return new TribError('USAGE', 'It is not possible to use the target node as source node.');
}
