/**
 * A backup as it lies on the disk, looked at from beginning to end before anything is changed: is the
 * manifest there, is every file the one it tells of, can every value in it be restored, and which slots do
 * its keys belong to? Files are read in chunks; of a value no more is kept than itself.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { latin1ToUtf8 } from '../../kernel/bytes.js';
import { TribError, messageOf } from '../../kernel/errors.js';
import { STRING_BYTES_MAX } from '../../kernel/limits.js';
import { SLOT_COUNT, slotOfKey } from '../../kernel/slot.js';
import { functionDumpOf } from '../../wire/rdb/dump.js';
import { payloadVersion } from '../../wire/rdb/format.js';
import { RdbReader, type RawValue, type RdbListener } from '../../wire/rdb/reader.js';
import type { BackupContents } from '../../plan/plan-restore.js';
import {
  MANIFEST_NAME,
  parseManifest,
  type Manifest,
  type ShardManifest,
} from '../backup/manifest.js';
import { mapBounded } from '../map-bounded.js';
import { throwIfInterrupted } from '../wait.js';

const CHUNK_BYTES = 256 * 1024;
/** Reading is work for this machine's one core; two files keep its disk busy as well. */
const FILES_AT_ONCE = 2;

export interface Backup {
  readonly folder: string;
  /** Names of its RDB files. */
  readonly files: readonly string[];
  readonly contents: BackupContents;
  /** The highest version that one of its payloads needs, and the type that needs it. */
  readonly needs: { readonly version: number; readonly typeName: string };
  /** FUNCTION DUMP, as latin1. */
  readonly functions: string | undefined;
}

/** A file, and what is known of it beforehand. */
type KnownFile = Pick<ShardManifest, 'file'> & Partial<ShardManifest>;

export interface ReadOptions {
  readonly nowMs: number;
  /** Take every RDB file of the folder, whoever has made it. */
  readonly withoutManifest: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** @throws TribError REFUSED without a manifest; CORRUPT_FILE for a file that is not what it was */
export async function readBackup(
  folder: string,
  { nowMs, withoutManifest, signal }: ReadOptions,
): Promise<Backup> {
  const known: readonly KnownFile[] = withoutManifest
    ? await rdbFilesOf(folder)
    : (await readManifest(folder)).shards;
  const census = new Census(nowMs);
  const found = await mapBounded(known, FILES_AT_ONCE, (file) =>
    checkFile(folder, file, census, signal),
  );
  const functions = new Set(
    withoutManifest
      ? found.flatMap((codes) => (codes.length === 0 ? [] : [functionDumpOf(codes.toSorted())]))
      : known.flatMap((shard) => (shard.functions ? [fromBase64(shard.functions)] : [])),
  );
  const [first] = functions;
  return {
    folder,
    files: known.map(({ file }) => file),
    contents: {
      keysOfSlot: census.keysOfSlot,
      keyCount: census.keyCount,
      expired: census.expired,
      hasFunctions: first !== undefined,
      functionsDiffer: functions.size > 1,
    },
    needs: census.needs,
    functions: first,
  };
}

const fromBase64 = (text: string): string => Buffer.from(text, 'base64').toString('latin1');

async function rdbFilesOf(folder: string): Promise<readonly KnownFile[]> {
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    throw new TribError('REFUSED', `${folder} cannot be read: ${messageOf(cause)}.`, { cause });
  }
  const files = names.filter((name) => name.endsWith('.rdb'));
  if (files.length > 0) return files.map((file) => ({ file }));
  throw new TribError('REFUSED', `${folder} holds no RDB file.`, {
    hint: 'Their names end in .rdb.',
  });
}

/** Every value of a file, as it stands there; after each chunk `pace` may make the file wait. */
export async function readValues(
  path: string,
  take: (value: RawValue, payloadVersion: number) => void,
  options: {
    readonly onChunk?: (chunk: Buffer) => void;
    readonly onFunction?: (code: string) => void;
    readonly pace?: () => Promise<void>;
  } = {},
): Promise<void> {
  const listener: RdbListener = {
    // Strings come as they are, like everything else.
    string: () => undefined,
    raw: (value) => take(value, payloadVersion(value.type, reader.family, reader.version)),
    selectDb: (database) => {
      if (database !== 0) throw otherDatabase(database);
    },
    skippedFunction: (code) => options.onFunction?.(code),
  };
  const reader = new RdbReader(listener, { served: 'raw', unserved: 'raw' });
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    options.onChunk?.(chunk as Buffer);
    if (reader.isDone) throw trailing();
    const rest = reader.push(chunk as Buffer);
    if (rest !== undefined && rest.length > 0) throw trailing();
    await options.pace?.();
  }
  reader.end();
}

async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST_NAME);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new TribError('REFUSED', `${folder} holds no backup: there is no ${MANIFEST_NAME}.`, {
      hint: [
        'It is written last: a folder without it comes from a backup that did not end, or from another tool.',
        'RDB files of another tool are taken as they are with --without-manifest.',
      ],
      cause,
    });
  }
  const manifest = parseManifest(text);
  if (manifest.ok) return manifest.value;
  throw new TribError('CORRUPT_FILE', `${path} cannot be used: ${manifest.error}.`);
}

async function checkFile(
  folder: string,
  shard: KnownFile,
  census: Census,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const path = join(folder, shard.file);
  const hash = createHash('sha256');
  let bytes = 0;
  const onChunk = (chunk: Buffer): void => {
    throwIfInterrupted(signal, 'nothing was changed');
    hash.update(chunk);
    bytes += chunk.length;
  };
  let count = 0;
  const functions: string[] = [];
  const onFunction = (code: string): void => void functions.push(code);
  try {
    await readValues(
      path,
      (value, version) => {
        count++;
        census.add(value, version);
      },
      { onChunk, onFunction },
    );
  } catch (cause) {
    if (cause instanceof TribError && cause.code === 'INTERRUPTED') throw cause;
    throw damaged(path, messageOf(cause), cause);
  }
  const { bytes: had = bytes, keyCount = count } = shard;
  const sha256 = hash.digest('hex');
  if (bytes !== had) throw damaged(path, `it has ${bytes} bytes, and had ${had}`);
  if (sha256 !== (shard.sha256 ?? sha256)) throw damaged(path, 'its checksum is another one');
  if (shard.checked !== false && count !== keyCount) {
    throw damaged(path, `it has ${count} keys, and the manifest tells of ${keyCount}`);
  }
  return functions;
}

/** What is counted over all files. */
class Census {
  readonly keysOfSlot = new Uint32Array(SLOT_COUNT);
  keyCount = 0;
  expired = 0;
  needs = { version: 0, typeName: '' };
  readonly #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  add({ key, body, typeName, expireAtMs }: RawValue, version: number): void {
    if (body.length + key.length > STRING_BYTES_MAX) throw tooLarge(key, body.length);
    if (version > this.needs.version) this.needs = { version, typeName };
    if (expireAtMs !== undefined && expireAtMs <= this.#nowMs) {
      this.expired++;
      return;
    }
    this.keyCount++;
    this.keysOfSlot[slotOfKey(key)]!++;
  }
}

function damaged(path: string, why: string, cause?: unknown): TribError {
  return new TribError(
    'CORRUPT_FILE',
    `${path} is not what was saved: ${why.replace(/\.$/, '')}.`,
    {
      hint: 'Nothing was changed. Take the backup from another copy.',
      cause,
      details: { file: path },
    },
  );
}

const trailing = (): Error => new Error('bytes follow its end');

const otherDatabase = (database: number): Error =>
  new Error(`it has keys in database ${database}, and a cluster has database 0 only`);

const tooLarge = (key: string, bytes: number): Error =>
  new Error(
    `the value of ${JSON.stringify(latin1ToUtf8(key))} has ${bytes} bytes, more than can be sent in one piece`,
  );
