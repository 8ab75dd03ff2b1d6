/**
 * Where each field of a bus message stands. The layout has held since Redis 4.0; later versions only
 * gave names to reserved bytes. All integers are big-endian, and there is no padding between fields.
 */

export const SIGNATURE = 'RCmb';
/** 4.0 and later speak version 1; 3.x used 0 with another layout. */
export const PROTOCOL_VERSION = 1;

export const HEADER_BYTES = 2256;
export const SLOT_BITMAP_BYTES = 2048;
export const ID_BYTES = 40;
export const IP_BYTES = 46;
export const GOSSIP_ENTRY_BYTES = 104;
/** The FAIL body is one id; UPDATE carries an epoch, an id and a bitmap. */
export const FAIL_BYTES = HEADER_BYTES + ID_BYTES;
export const UPDATE_BYTES = HEADER_BYTES + 8 + ID_BYTES + SLOT_BITMAP_BYTES;

export const HEADER = {
  signature: 0,
  totalLength: 4,
  version: 8,
  port: 10,
  type: 12,
  count: 14,
  currentEpoch: 16,
  configEpoch: 24,
  offset: 32,
  sender: 40,
  slots: 80,
  replicaOf: 2128,
  ip: 2168,
  extensions: 2214,
  secondaryPort: 2246,
  busPort: 2248,
  flags: 2250,
  state: 2252,
  messageFlags: 2253,
} as const;

/** Offsets inside one gossip entry. */
export const GOSSIP = {
  id: 0,
  pingSent: 40,
  pongReceived: 44,
  ip: 48,
  port: 94,
  busPort: 96,
  flags: 98,
  secondaryPort: 100,
} as const;

/** Ping extension types; each is `u32 length, u16 type, u16 unused, data`, length a multiple of 8. */
export const EXTENSION = { hostname: 0, humanNodename: 1, forgotten: 2, shardId: 3 } as const;
export const EXTENSION_HEADER_BYTES = 8;
/** Real receivers look at the low 16 bits of the length while validating. */
export const EXTENSION_BYTES_MAX = 65_535;
