/** A few keys of each slot, to look at: all slots of a node in one packet per database. */
import type { NodeAddress } from '../../cluster/model.js';
import { TribError } from '../../kernel/errors.js';
import type { CallOptions, Link, Links } from '../links.js';
import { inEachDatabase } from '../move/databases.js';

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
  const samples = new Map<number, readonly string[]>(slots.map((slot) => [slot, []]));
  const look = async (link: Link): Promise<void> => {
    const replies = await link.askBinary(questions, options);
    slots.forEach((slot, at) => {
      const reply = replies[at];
      if (reply instanceof TribError) throw reply;
      const found = Array.isArray(reply) ? reply.map(String) : [];
      samples.set(slot, [...samples.get(slot)!, ...found].slice(0, keysMax));
    });
  };
  await inEachDatabase(links, node, look, options);
  return samples;
}
