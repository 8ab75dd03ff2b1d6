/**
 * The data of one node in a file: written under another name as they come, read along the way (an RDB file
 * ends with a checksum, and says how many keys there are), brought to the disk, and only then given their name.
 */
import { createHash } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { CollectionSink } from '../../wire/rdb/collection-reader.js';
import { RdbError } from '../../wire/rdb/format.js';
import { RdbReader, type RdbListener } from '../../wire/rdb/reader.js';
import type { ShardToSave } from '../../plan/plan-backup.js';
import type { ExecutionContext } from '../context.js';
import { replyWordsOf } from '../reply-words.js';
import { TribError } from '../../kernel/errors.js';
import type { ShardManifest } from './manifest.js';
import type { Snapshots } from './snapshots.js';
import { formatAddress } from '../../cluster/address.js';
import { formatRanges } from '../../kernel/ranges.js';

/** What a backup holds is everybody's data: only who made it may read it. */
const FILE_MODE = 0o600;

export async function saveSnapshot(
  shard: ShardToSave,
  folder: string,
  snapshots: Snapshots,
  context: ExecutionContext,
  onBytes: (count: number) => void,
): Promise<ShardManifest> {
  const startedAt = new Date();
  const functions = await functionsOf(shard, context);
  const { signal, deadlineMs } = context;
  const snapshot = await snapshots.take(shard.node.address, { idleMs: deadlineMs, signal });
  const path = join(folder, shard.file);
  const partial = `${path}.part`;
  const file = await open(partial, 'wx', FILE_MODE);
  try {
    const written = await write(file, snapshot.chunks, onBytes);
    await file.sync();
    await file.close();
    await rename(partial, path);
    return {
      file: shard.file,
      ...written,
      primaryId: shard.primaryId,
      node: {
        id: shard.node.id,
        address: formatAddress(shard.node.address),
        role: shard.role,
      },
      slots: formatRanges(shard.slots),
      configEpoch: shard.configEpoch,
      version: shard.version ?? null,
      replicationId: snapshot.origin.replicationId ?? null,
      replicationOffset: snapshot.origin.offset ?? null,
      functions,
      startedAt: startedAt.toISOString(),
      finishedAt: new Date().toISOString(),
    };
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}

type Written = Pick<
  ShardManifest,
  'bytes' | 'sha256' | 'rdbVersion' | 'family' | 'keyCount' | 'expiring' | 'checked'
>;

async function write(
  file: FileHandle,
  chunks: AsyncIterable<Buffer>,
  onBytes: (count: number) => void,
): Promise<Written> {
  const hash = createHash('sha256');
  const proof = new Proof();
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    proof.push(chunk);
    await file.writeFile(chunk);
    bytes += chunk.length;
    onBytes(chunk.length);
  }
  return { bytes, sha256: hash.digest('hex'), ...proof.end() };
}

/** Reads what is saved, without keeping anything: is it whole, and how many keys has it? */
class Proof implements RdbListener {
  readonly #reader = new RdbReader(this, { unserved: 'skip' });
  #counted = 0;
  #announced = 0;
  #expiring = 0;
  #isChecked = true;

  push(chunk: Buffer): void {
    if (!this.#isChecked) return;
    if (this.#reader.isDone) throw trailing();
    try {
      this.#reader.push(chunk);
    } catch (error) {
      // A kind of value that is younger than this program: its server knows it.
      if (!(error instanceof RdbError) || error.fault !== 'unsupported') throw error;
      this.#isChecked = false;
    }
  }

  end(): Omit<Written, 'bytes' | 'sha256'> {
    if (this.#isChecked) this.#reader.end();
    return {
      rdbVersion: this.#reader.version,
      family: this.#reader.family,
      keyCount: this.#isChecked ? this.#counted : this.#announced,
      expiring: this.#expiring,
      checked: this.#isChecked,
    };
  }

  resize(keys: number, expiring: number): void {
    this.#announced += keys;
    this.#expiring += expiring;
  }

  string(): void {
    this.#counted++;
  }

  collection(): CollectionSink {
    this.#counted++;
    return NOWHERE;
  }

  skipped(): void {
    this.#counted++;
  }
}

const NOWHERE: CollectionSink = { element: () => true, field: () => true, member: () => true };

/** Servers before 7.0 have none. */
async function functionsOf(
  { node }: ShardToSave,
  { links }: ExecutionContext,
): Promise<string | null> {
  const link = links.to(node.address);
  const [list, dump] = await link.askBinary([
    ['FUNCTION', 'LIST'],
    ['FUNCTION', 'DUMP'],
  ]);
  if (dump instanceof TribError) {
    if (/unknown (sub)?command/i.test(replyWordsOf(dump))) return null;
    throw dump;
  }
  const isEmpty = Array.isArray(list) && list.length === 0;
  return isEmpty || typeof dump !== 'string'
    ? null
    : Buffer.from(dump, 'latin1').toString('base64');
}

function trailing(): TribError {
  return new TribError('CORRUPT_FILE', 'Bytes follow the end of the snapshot.');
}
