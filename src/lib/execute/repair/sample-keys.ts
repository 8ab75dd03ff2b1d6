/** A few keys of each slot, to look at: all slots of a node in one packet. */
import type { NodeAddress } from '../../cluster/model.js';
import { TribError } from '../../kernel/errors.js';
import type { CallOptions, Links } from '../links.js';

/** @returns keys as latin1 text, by slot */
export async function sampleKeys(
  links: Links,
  node: NodeAddress,
  wanted: { readonly slots: readonly number[]; readonly keysMax: number },
  options: CallOptions = {},
): Promise<ReadonlyMap<number, readonly string[]>> {
  const { slots, keysMax } = wanted;
  const questions = slots.map((slot) => [
    ...['CLUSTER', 'GETKEYSINSLOT'],
    ...[String(slot), String(keysMax)],
  ]);
  const replies = await links.to(node).askBinary(questions, options);
  return new Map(
    slots.map((slot, at) => {
      const reply = replies[at];
      if (reply instanceof TribError) throw reply;
      return [slot, Array.isArray(reply) ? reply.map(String) : []];
    }),
  );
}
