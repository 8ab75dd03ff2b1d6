/** `--weight id=w`, repeated or several after one option, as redis-trib and redis-cli have it. */
import type { ClusterView } from '../cluster/model.js';
import { selectNode } from '../cluster/select-node.js';
import { TribError } from '../kernel/errors.js';
import type { NodeId } from '../kernel/node-id.js';

/** Fits `3f1a2b70=2` and `127.0.0.1:7000=0`, and no word that is an operand. */
export const WEIGHT_WORD = /^[^=]+=[^=]*$/;

/** One slot in 16384 is the finest share there is; the rest is room for other scales. */
const WEIGHT_MIN = 0.001;
const WEIGHT_MAX = 1_000_000;

/** @throws TribError USAGE, UNKNOWN_NODE, AMBIGUOUS_NODE, NOT_A_PRIMARY */
export function weightsFrom(
  view: ClusterView,
  pairs: readonly string[],
): ReadonlyMap<NodeId, number> {
  const weights = new Map<NodeId, number>();
  for (const pair of pairs) {
    const [name, text] = splitPair(pair);
    const { id } = selectNode(view, name, { role: 'primary' });
    if (weights.has(id)) {
      throw new TribError('USAGE', `Two weights are given for ${id}.`, {
        hint: `The second is ${pair}.`,
      });
    }
    weights.set(id, text);
  }
  return weights;
}

/** Before anybody is asked anything. @throws TribError USAGE */
export function splitPair(pair: string): readonly [name: string, weight: number] {
  const at = pair.lastIndexOf('=');
  const name = pair.slice(0, Math.max(0, at)).trim();
  const text = pair.slice(at + 1).trim();
  const weight = at > 0 && /^\d+(\.\d+)?$/.test(text) && name !== '' ? Number(text) : NaN;
  // Digits that come to nothing are no 0: that one empties a node.
  const isZero = weight === 0 && /^[0.]+$/.test(text);
  if (isZero || (weight >= WEIGHT_MIN && weight <= WEIGHT_MAX)) return [name, weight];
  throw new TribError('USAGE', `*** invalid input ${pair}`, {
    hint: `Write --weight NODE=1.5: 0 empties the node, others get ${WEIGHT_MIN} to ${WEIGHT_MAX}.`,
  });
}
