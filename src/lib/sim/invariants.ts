/**
 * What must hold at every moment, whatever the network and the disks do:
 *
 *  - a node votes at most once in one epoch, over all its lives;
 *  - at most one node wins the election of an epoch;
 *  - no slot is claimed by two nodes with the same config epoch.
 *
 * The third is what lets everybody decide alone who is right: of two claims the higher epoch wins, and
 * there is always a higher one.
 */
import { shortId } from '../kernel/node-id.js';
import type { Effect } from '../node/machine/effects.js';
import { slotsOf } from '../node/machine/slots.js';
import { isPrimary } from '../node/machine/state.js';
import { decodeMessage } from '../wire/bus/codec.js';
import { BUS_TYPES } from '../wire/bus/message.js';
import { HEADER } from '../wire/bus/layout.js';
import type { SimNode } from './node.js';

export class InvariantBroken extends Error {
  override readonly name = 'InvariantBroken';
}

interface Claim {
  readonly id: string;
  readonly slots: Buffer;
}

export class Invariants {
  readonly #votes = new Map<string, string>();
  readonly #claims = new Map<number, Claim[]>();
  readonly #lastClaims = new Map<SimNode, string>();

  watch(node: SimNode, effect: Effect): void {
    if (effect.kind !== 'send') return;
    if (effect.packet.readUInt16BE(HEADER.type) === BUS_TYPES['auth-ack']) this.#vote(node, effect);
    this.#claim(node);
  }

  #vote(node: SimNode, { link, packet }: Extract<Effect, { kind: 'send' }>): void {
    const message = decodeMessage(packet);
    if (!message.ok) throw new InvariantBroken(`a vote that nobody can read: ${message.error}`);
    const epoch = message.value.header.currentEpoch;
    const candidate = node.state.links.get(link)?.node?.id ?? '?';
    const key = `${node.id} ${epoch}`;
    const earlier = this.#votes.get(key);
    if (earlier !== undefined) {
      throw new InvariantBroken(
        `${shortId(node.id)} votes twice in epoch ${epoch}: for ${shortId(earlier)} and ${shortId(candidate)}`,
      );
    }
    this.#votes.set(key, candidate);
  }

  #claim(node: SimNode): void {
    const { myself } = node.state;
    if (!isPrimary(myself) || myself.slotCount === 0 || myself.configEpoch === 0) return;
    const epoch = myself.configEpoch;
    const key = `${epoch} ${myself.slotCount}`;
    if (this.#lastClaims.get(node) === key) return;
    this.#lastClaims.set(node, key);
    const claims = this.#claims.get(epoch) ?? [];
    this.#claims.set(epoch, claims);
    for (const { id, slots } of claims) {
      if (id === myself.id) continue;
      for (const slot of slotsOf(slots)) {
        if (node.state.owners[slot] !== myself) continue;
        throw new InvariantBroken(
          `slot ${slot} is claimed with epoch ${epoch} by ${shortId(id)} and ${shortId(myself.id)}`,
        );
      }
    }
    claims.push({ id: myself.id, slots: Buffer.from(myself.slots) });
  }
}

/** What is still wrong with a cluster that should be whole; undefined when nothing is. */
export function whyNotWhole(nodes: readonly SimNode[]): string | undefined {
  const alive = nodes.filter((node) => node.isUp);
  const views = new Map<string, SimNode>();
  for (const node of alive) {
    if (!node.state.isOk) return `${shortId(node.id)} says the cluster is down`;
    views.set(viewOf(node), node);
  }
  if (views.size > 1) return `${views.size} different views`;
  const owners = alive.filter(({ state }) => isPrimary(state.myself) && state.myself.slotCount > 0);
  const epochs = owners.map(({ state }) => state.myself.configEpoch);
  if (new Set(epochs).size !== epochs.length) return `equal config epochs: ${epochs.join()}`;
  return undefined;
}

/** Who owns and who follows, as one node sees it. */
function viewOf({ state }: SimNode): string {
  return state.roster
    .map(({ id, slots, configEpoch, primary }) => {
      const role = primary ? `follows ${primary.id}` : `epoch ${configEpoch}`;
      return `${id} ${role} ${slots.toString('latin1')}`;
    })
    .sort()
    .join('\n');
}
