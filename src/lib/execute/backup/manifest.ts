/**
 * The table of contents of a backup: what was where, and how to tell that a file is what it was. It is
 * written last, so a folder without it holds no backup. Files are found beside it, by name only.
 */
import { err, ok, type Result } from '../../kernel/result.js';

/** Raised when a reader of before would take a new manifest wrong. */
export const MANIFEST_VERSION = 1;
export const MANIFEST_NAME = 'manifest.json';
export const NODES_NAME = 'nodes.json';

export interface ShardManifest {
  readonly file: string;
  readonly bytes: number;
  /** Of the file, in hex. */
  readonly sha256: string;
  readonly rdbVersion: number;
  /** Whose numbering of value types it has: Valkey 9 has left Redis's. */
  readonly family: 'redis' | 'valkey';
  readonly keyCount: number;
  /** Keys with a time to live, of those. */
  readonly expiring: number;
  /** Read to its end, its own checksum included; false when it holds what this trib does not know. */
  readonly checked: boolean;
  readonly primaryId: string;
  readonly node: { readonly id: string; readonly address: string; readonly role: string };
  readonly slots: string;
  readonly configEpoch: number;
  readonly version: string | null;
  readonly replicationId: string | null;
  readonly replicationOffset: number | null;
  /** FUNCTION DUMP in base64; null where there are no functions. */
  readonly functions: string | null;
  readonly startedAt: string;
  readonly finishedAt: string;
}

export interface Manifest {
  readonly schemaVersion: number;
  readonly kind: 'trib-backup';
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly cluster: {
    readonly entry: string;
    readonly fingerprint: string;
    readonly healthy: boolean;
    readonly findings: readonly string[];
    readonly nodeIds: readonly string[];
  };
  readonly keyCount: number;
  readonly bytes: number;
  readonly shards: readonly ShardManifest[];
}

/** @returns why not, for people */
export function parseManifest(text: string): Result<Manifest> {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return err('it is not whole');
  }
  if (typeof found !== 'object' || found === null) return err('it is no manifest');
  const manifest = found as Manifest;
  if ((manifest.kind as string) !== 'trib-backup') return err('it is no manifest of trib');
  if (manifest.schemaVersion !== MANIFEST_VERSION) {
    return err(
      `it is of version ${manifest.schemaVersion}, and this trib reads ${MANIFEST_VERSION}`,
    );
  }
  if (!Array.isArray(manifest.shards) || !manifest.shards.every(isShard)) {
    return err('its list of files is damaged');
  }
  return ok(manifest);
}

function isShard(shard: Partial<ShardManifest>): boolean {
  const { file, bytes, sha256, rdbVersion, keyCount, functions } = shard;
  return (
    // A name, never a way out of the folder.
    typeof file === 'string' &&
    /^[\w.-]+$/.test(file) &&
    !file.startsWith('.') &&
    typeof sha256 === 'string' &&
    [bytes, rdbVersion, keyCount].every((value) => Number.isSafeInteger(value)) &&
    (functions === null || typeof functions === 'string')
  );
}
