/**
 * A backup: all shards at once, each into its file, then `nodes.json`, and last the manifest, which makes it
 * one. What fails or is interrupted leaves nothing behind; what is killed leaves no manifest.
 */
import { open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { formatAddress } from '../../cluster/address.js';
import type { Finding } from '../../cluster/finding.js';
import type { ClusterView } from '../../cluster/model.js';
import { membersOf } from '../../cluster/view.js';
import { TribError, messageOf } from '../../kernel/errors.js';
import type { BackupPlan } from '../../plan/plan-backup.js';
import type { ExecutionContext } from '../context.js';
import { makeFolder } from '../make-folder.js';
import { mapBounded } from '../map-bounded.js';
import { throwIfInterrupted } from '../wait.js';
import { MANIFEST_NAME, MANIFEST_VERSION, NODES_NAME, type Manifest } from './manifest.js';
import { nodesJson } from './nodes-json.js';
import { saveSnapshot } from './save-snapshot.js';
import type { Snapshots } from './snapshots.js';

/** Shards saved at once: beyond that the disk and this machine's line are what is waited for. */
const CONCURRENT_SHARDS_MAX = 32;
const PROGRESS_EVERY_MS = 1_000;
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

export interface BackupJob {
  readonly plan: BackupPlan;
  readonly view: ClusterView;
  readonly findings: readonly Finding[];
  readonly folder: string;
  readonly snapshots: Snapshots;
}

/** @throws TribError REFUSED when there is a backup already, or the remains of one; whatever a node throws */
export async function runBackup(job: BackupJob, context: ExecutionContext): Promise<Manifest> {
  const startedAt = new Date().toISOString();
  const isNew = await claimFolder(job.folder);
  // The first failure ends the others: half a backup is none.
  const giveUp = new AbortController();
  const onAbort = (): void => giveUp.abort();
  context.signal?.addEventListener('abort', onAbort, { once: true });
  if (context.signal?.aborted === true) giveUp.abort();
  try {
    const shards = await saveAll(job, { ...context, signal: giveUp.signal }, giveUp);
    throwIfInterrupted(context.signal, 'the backup is not complete, nothing is kept');
    const { plan, view, findings, folder } = job;
    const errors = findings.filter(({ severity }) => severity === 'error');
    await writeWhole(folder, NODES_NAME, nodesJson(view, errors.length));
    const manifest: Manifest = {
      schemaVersion: MANIFEST_VERSION,
      kind: 'trib-backup',
      startedAt,
      finishedAt: new Date().toISOString(),
      cluster: {
        entry: formatAddress(view.claims.get(view.entryId)!.reachedAt),
        fingerprint: plan.fingerprint,
        healthy: errors.length === 0,
        findings: errors.map(({ id, message }) => `${id}: ${message}`),
        nodeIds: membersOf(view).map(({ id }) => id),
      },
      keyCount: shards.reduce((sum, { keyCount }) => sum + keyCount, 0),
      bytes: shards.reduce((sum, { bytes }) => sum + bytes, 0),
      shards,
    };
    await writeWhole(folder, MANIFEST_NAME, `${JSON.stringify(manifest, null, 2)}\n`);
    return manifest;
  } catch (error) {
    await discard(job, isNew);
    throw error;
  } finally {
    context.signal?.removeEventListener('abort', onAbort);
  }
}

async function saveAll(
  { plan, folder, snapshots }: BackupJob,
  context: ExecutionContext,
  giveUp: AbortController,
): Promise<Manifest['shards']> {
  const title = 'Saving';
  const beganAt = performance.now();
  let saidAt = beganAt;
  let done = 0;
  const onBytes = (count: number): void => {
    done += count;
    const nowMs = performance.now();
    if (nowMs - saidAt < PROGRESS_EVERY_MS) return;
    saidAt = nowMs;
    const elapsedMs = Math.round(nowMs - beganAt);
    context.report({ kind: 'transfer-progress', title, done, total: undefined, elapsedMs });
  };
  const failures: unknown[] = [];
  const say = (message: string): void =>
    context.report({ kind: 'remark', severity: 'info', message });
  const saving = mapBounded(plan.shards, CONCURRENT_SHARDS_MAX, async (shard) => {
    if (giveUp.signal.aborted) return [];
    const where = formatAddress(shard.node.address);
    say(`>>> Node ${where} -> Saving RDB...`);
    try {
      const found = await saveSnapshot(shard, folder, snapshots, context, onBytes);
      say(`${where}: ${found.keyCount} keys, ${found.bytes} bytes.`);
      return [found];
    } catch (error) {
      failures.push(namedAfter(error, where));
      giveUp.abort();
      return [];
    }
  });
  context.report({ kind: 'transfer-started', title, unit: 'bytes', total: undefined });
  const saved = await saving;
  if (failures.length > 0) throw failures[0];
  const elapsedMs = Math.round(performance.now() - beganAt);
  context.report({ kind: 'transfer-done', title, done, elapsedMs });
  return saved.flat();
}

/** @returns whether it was made here. */
async function claimFolder(folder: string): Promise<boolean> {
  try {
    const isNew = makeFolder(folder, FOLDER_MODE);
    const names = await readdir(folder);
    const found = names.find(
      (name) => name === MANIFEST_NAME || name === NODES_NAME || /\.rdb(\.part)?$/.test(name),
    );
    if (found === undefined) return isNew;
    const what = names.includes(MANIFEST_NAME) ? 'a backup' : 'the remains of one';
    throw new TribError('REFUSED', `${folder} holds ${what} already: there is ${found}.`, {
      hint: 'Give a new folder; a backup is never overwritten.',
      details: { folder, found },
    });
  } catch (cause) {
    if (cause instanceof TribError) throw cause;
    throw new TribError('REFUSED', `${folder} cannot be used: ${messageOf(cause)}.`, { cause });
  }
}

async function writeWhole(folder: string, name: string, text: string): Promise<void> {
  const path = join(folder, name);
  const file = await open(`${path}.part`, 'w', FILE_MODE);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
  await syncFolder(folder);
}

/** A name is on the disk when its folder is; not every system lets folders be opened. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch {
    // Windows: the system does it by itself.
  }
}

async function discard({ folder, plan }: BackupJob, isNew: boolean): Promise<void> {
  const names = [NODES_NAME, MANIFEST_NAME, ...plan.shards.map(({ file }) => file)];
  for (const name of names.flatMap((each) => [each, `${each}.part`])) {
    await rm(join(folder, name), { force: true }).catch(() => undefined);
  }
  // Only what was made here, and only if nobody else has put something in.
  if (isNew) await rmdir(folder).catch(() => undefined);
}

function namedAfter(error: unknown, where: string): unknown {
  if (error instanceof TribError) {
    if (error.code !== 'CORRUPT_FILE') return error;
    return new TribError('CORRUPT_FILE', `${where} sent a damaged snapshot: ${error.message}`, {
      cause: error,
      details: error.details,
    });
  }
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return error;
  return new TribError('REFUSED', `The data of ${where} cannot be written: ${error.message}.`, {
    hint: 'Is there room on the disk?',
    cause: error,
  });
}
