/**
 * What one node uses, by account: its data (`store/weight.ts`), what its clients leave unread or unsaid, and its
 * backlog. The heap belongs to all nodes of a process and to garbage, so it cannot be divided among them.
 */
import type { StoreCall } from './store-call.js';

export interface MemoryAccount {
  readonly datasetBytes: number;
  readonly clientBytes: number;
  readonly replicaBytes: number;
  readonly backlogBytes: number;
  /** All of these. */
  readonly usedBytes: number;
  /** The most that was seen when somebody asked, or the cron looked. */
  readonly peakBytes: number;
}

type Accounted = Pick<StoreCall, 'keyspace' | 'sessions' | 'wings'>;

export function memoryAccount({ keyspace, sessions, wings }: Accounted): MemoryAccount {
  let clientBytes = 0;
  let replicaBytes = 0;
  for (const client of sessions.all()) {
    const bytes = client.pendingBytes + client.queryBytes;
    if (client.isReplica) replicaBytes += bytes;
    else clientBytes += bytes;
  }
  const datasetBytes = keyspace.weight();
  const backlogBytes = wings.replication.backlogMemoryBytes;
  const usedBytes = datasetBytes + clientBytes + replicaBytes + backlogBytes;
  wings.stats.memoryPeakBytes = Math.max(wings.stats.memoryPeakBytes, usedBytes);
  const peakBytes = wings.stats.memoryPeakBytes;
  return { datasetBytes, clientBytes, replicaBytes, backlogBytes, usedBytes, peakBytes };
}
