/** A message published here travels to every node, or, when sharded, to the nodes of our shard only. */
import type { Publication } from './effects.js';
import { send } from './speak.js';
import { has, primaryOf, type ClusterState } from './state.js';
import { NodeFlag } from '../../wire/bus/message.js';

export function publish(state: ClusterState, { channel, message, sharded }: Publication): void {
  const kind = sharded ? 'publishshard' : 'publish';
  const shard = primaryOf(state.myself);
  for (const node of state.roster) {
    if (!node.link || has(node, NodeFlag.myself | NodeFlag.handshake)) continue;
    if (sharded && primaryOf(node) !== shard) continue;
    send(state, node.link, { kind, channel, message });
  }
}
