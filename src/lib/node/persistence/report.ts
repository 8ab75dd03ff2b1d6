/** INFO persistence: every field redis-server 7.0 has, in its order. */

export interface LoadingFacts {
  readonly kind: 'plain' | 'async';
  readonly startedAtMs: number;
  readonly totalBytes: number;
  readonly loadedBytes: number;
  /** What the writer of the file said of its memory. */
  readonly rdbUsedMemoryBytes: number;
}

export interface RdbFacts {
  readonly changes: number;
  readonly lastSaveMs: number;
  readonly hasFailed: boolean;
  readonly lastDurationMs: number | undefined;
  readonly count: number;
  readonly loadedKeys: number;
  readonly expiredKeys: number;
}

export interface RewriteFacts {
  readonly isScheduled: boolean;
  readonly lastDurationMs: number | undefined;
  readonly hasFailed: boolean;
  readonly count: number;
  readonly failuresInRow: number;
}

/** Present while an append-only file is written. */
export interface AofFacts {
  readonly currentBytes: number;
  readonly baseBytes: number;
  readonly isRewritePending: boolean;
  readonly bufferedBytes: number;
  readonly isSyncing: boolean;
  readonly delayedSyncs: number;
}

/** A picture being written. */
export interface WritingFacts {
  readonly kind: 'rdb' | 'aof';
  readonly startedAtMs: number;
  readonly writtenKeys: number;
  readonly keysTotal: number;
}

export interface PersistenceFacts {
  readonly nowMs: number;
  readonly loading: LoadingFacts | undefined;
  readonly writing: WritingFacts | undefined;
  readonly rdb: RdbFacts;
  readonly rewrite: RewriteFacts;
  readonly hasWriteFailed: boolean;
  readonly aof: AofFacts | undefined;
}

type Field = readonly [name: string, value: string | number];

export function persistenceLines(facts: PersistenceFacts): string[] {
  const { writing } = facts;
  const keys = writing === undefined ? 0 : writing.writtenKeys;
  const total = writing === undefined ? 0 : writing.keysTotal;
  const fields: readonly Field[] = [
    ['loading', facts.loading?.kind === 'plain' ? 1 : 0],
    ['async_loading', facts.loading?.kind === 'async' ? 1 : 0],
    // Nothing is copied for a picture but the entries that change while it is taken.
    ['current_cow_peak', 0],
    ['current_cow_size', 0],
    ['current_cow_size_age', 0],
    ['current_fork_perc', (total === 0 ? 0 : Math.min(100, (100 * keys) / total)).toFixed(2)],
    ['current_save_keys_processed', keys],
    ['current_save_keys_total', total],
    ...rdbFields(facts),
    ...rewriteFields(facts),
    ['module_fork_in_progress', 0],
    ['module_fork_last_cow_size', 0],
    ...aofFields(facts.aof),
    ...loadingFields(facts),
  ];
  return fields.map(([name, value]) => `${name}:${value}`);
}

function rdbFields({ rdb, writing, nowMs }: PersistenceFacts): readonly Field[] {
  return [
    ['rdb_changes_since_last_save', rdb.changes],
    ['rdb_bgsave_in_progress', writing?.kind === 'rdb' ? 1 : 0],
    ['rdb_last_save_time', Math.floor(rdb.lastSaveMs / 1000)],
    ['rdb_last_bgsave_status', rdb.hasFailed ? 'err' : 'ok'],
    ['rdb_last_bgsave_time_sec', secondsOf(rdb.lastDurationMs)],
    ['rdb_current_bgsave_time_sec', writing?.kind === 'rdb' ? since(writing, nowMs) : -1],
    ['rdb_saves', rdb.count],
    ['rdb_last_cow_size', 0],
    ['rdb_last_load_keys_expired', rdb.expiredKeys],
    ['rdb_last_load_keys_loaded', rdb.loadedKeys],
  ];
}

function rewriteFields(facts: PersistenceFacts): readonly Field[] {
  const { aof, rewrite, writing, nowMs } = facts;
  const isRewriting = writing?.kind === 'aof';
  return [
    ['aof_enabled', aof === undefined ? 0 : 1],
    ['aof_rewrite_in_progress', isRewriting ? 1 : 0],
    ['aof_rewrite_scheduled', rewrite.isScheduled ? 1 : 0],
    ['aof_last_rewrite_time_sec', secondsOf(rewrite.lastDurationMs)],
    ['aof_current_rewrite_time_sec', isRewriting ? since(writing, nowMs) : -1],
    ['aof_last_bgrewrite_status', rewrite.hasFailed ? 'err' : 'ok'],
    ['aof_rewrites', rewrite.count],
    ['aof_rewrites_consecutive_failures', rewrite.failuresInRow],
    ['aof_last_write_status', facts.hasWriteFailed ? 'err' : 'ok'],
    ['aof_last_cow_size', 0],
  ];
}

function aofFields(aof: AofFacts | undefined): readonly Field[] {
  if (aof === undefined) return [];
  return [
    ['aof_current_size', aof.currentBytes],
    ['aof_base_size', aof.baseBytes],
    ['aof_pending_rewrite', aof.isRewritePending ? 1 : 0],
    ['aof_buffer_length', aof.bufferedBytes],
    ['aof_pending_bio_fsync', aof.isSyncing ? 1 : 0],
    ['aof_delayed_fsync', aof.delayedSyncs],
  ];
}

function loadingFields({ loading, nowMs }: PersistenceFacts): readonly Field[] {
  if (loading === undefined) return [];
  const { startedAtMs, totalBytes, loadedBytes, rdbUsedMemoryBytes } = loading;
  const elapsedSeconds = Math.floor((nowMs - startedAtMs) / 1000);
  const share = totalBytes === 0 ? 1 : loadedBytes / totalBytes;
  const leftSeconds = share === 0 ? 1 : Math.floor((elapsedSeconds * (1 - share)) / share);
  return [
    ['loading_start_time', Math.floor(startedAtMs / 1000)],
    ['loading_total_bytes', totalBytes],
    ['loading_rdb_used_mem', rdbUsedMemoryBytes],
    ['loading_loaded_bytes', loadedBytes],
    ['loading_loaded_perc', (100 * share).toFixed(2)],
    ['loading_eta_seconds', leftSeconds],
  ];
}

function secondsOf(durationMs: number | undefined): number {
  return durationMs === undefined ? -1 : Math.floor(durationMs / 1000);
}

function since({ startedAtMs }: WritingFacts, nowMs: number): number {
  return Math.floor((nowMs - startedAtMs) / 1000);
}
