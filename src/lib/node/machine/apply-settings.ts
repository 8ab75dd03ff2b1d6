/** A directive changed while the node runs: what others must hear of travels with the next packet. */
import { SlotTraffic } from '../ports/slot-traffic.js';
import { NodeFlag } from '../../wire/bus/message.js';
import { announcedPorts } from './client-ports.js';
import type { ClusterSettings } from './settings.js';
import { save, type ClusterState } from './state.js';

export function applySettings(state: ClusterState, settings: ClusterSettings): void {
  const { myself, ports } = state;
  state.settings = settings;
  state.traffic = settings.slotStats ? (state.traffic ?? new SlotTraffic()) : undefined;
  if (settings.announceIp !== '') myself.ip = settings.announceIp;
  Object.assign(myself, announcedPorts(state));
  myself.busPort = settings.announceBusPort || ports.busPort;
  myself.hostname = settings.announceHostname;
  myself.flags &= ~NodeFlag.noFailover;
  if (settings.replicaNoFailover) myself.flags |= NodeFlag.noFailover;
  state.todo.updateHealth = true;
  state.todo.announce = true;
  save(state, 'soon');
}
