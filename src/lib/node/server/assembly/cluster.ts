/** The cluster side: the bus, once there is a client port to tell of, and slots that move whole. */
import { personaOf } from '../../ports/persona.js';
import type { ClusterWing, Wings } from '../../ports/wings.js';
import type { ClientPorts } from '../../machine/client-ports.js';
import type { RunningClusterWing } from '../bus/options.js';
import type { CommandTable } from '../command-table.js';
import { SlotTransfers } from '../slot-transfer/wing.js';
import type { Clients } from './clients.js';
import type { Ground } from './ground.js';
import type { Late } from './late.js';
import type { AssemblyOptions } from './options.js';

/** Undefined where slots cannot move whole. */
export function assembleSlotTransfers(
  { config, keyspace, rules, tls }: Ground,
  { heldSlots, waiting }: Clients,
  table: CommandTable,
  late: Late,
): SlotTransfers | undefined {
  const isCluster = config.boolean('cluster-enabled');
  if (!isCluster || personaOf(config).slotTransfer === 'none') return undefined;
  return new SlotTransfers({
    keyspace,
    config,
    dial: tls.dial('tls-cluster'),
    table,
    heldSlots,
    retrySoon: () => waiting.retrySoon(),
    apply: (argv, db) => late.streams.applyImported(argv, db),
    waitingBytesMax: () => rules.outputLimit('replica').hardBytes,
  });
}

/** Wings that are about to have one more. */
export interface WingsBeforeBus extends Omit<Wings, 'cluster'> {
  cluster: ClusterWing | undefined;
}

/** @throws TribError as `StartClusterWing` does */
export async function startBus(
  options: AssemblyOptions,
  { tls, onFatal }: Ground,
  parts: { readonly wings: WingsBeforeBus; readonly transfers: SlotTransfers | undefined },
  ports: ClientPorts,
): Promise<RunningClusterWing> {
  const { bind, busPort, dir, isTemporary, network, startCluster } = options;
  const { wings, transfers } = parts;
  const bus = await startCluster({
    wings,
    ...ports,
    bind,
    network,
    transfers,
    tls,
    directory: dir,
    onFatal,
    isTemporary,
    ...(busPort === undefined ? {} : { busPort }),
  });
  wings.cluster = bus;
  return bus;
}
