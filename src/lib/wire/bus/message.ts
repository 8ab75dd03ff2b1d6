/**
 * Cluster bus messages as data, one to one with the binary layout of Redis 4.0 and later
 * (header of 2256 bytes; offsets stand in `layout.ts`). Epochs and offsets are JavaScript numbers:
 * exact up to 2^53, which no cluster reaches; the codec refuses larger ones.
 */
import type { NodeId } from '../../kernel/node-id.js';

export const BUS_TYPES = {
  ping: 0,
  pong: 1,
  meet: 2,
  fail: 3,
  publish: 4,
  'auth-req': 5,
  'auth-ack': 6,
  update: 7,
  mfstart: 8,
  module: 9,
  publishshard: 10,
} as const;
export type BusType = keyof typeof BUS_TYPES;

/** Node flags as they travel (u16). */
export const NodeFlag = {
  primary: 1,
  replica: 2,
  pfail: 4,
  fail: 8,
  myself: 16,
  handshake: 32,
  noaddr: 64,
  meet: 128,
  migrateTo: 256,
  noFailover: 512,
  extensionsSupported: 1024,
} as const;

/** `mflags[0]` bits. */
export const MessageFlag = { paused: 1, forceAck: 2, extensionData: 4 } as const;

export interface BusHeader {
  readonly sender: NodeId;
  readonly port: number;
  readonly secondaryPort: number;
  readonly busPort: number;
  readonly currentEpoch: number;
  readonly configEpoch: number;
  readonly offset: number;
  /** 2048 bytes, slot s is bit s&7 of byte s>>3. A replica sends its primary's. */
  readonly slots: Uint8Array;
  readonly replicaOf: NodeId | undefined;
  /** Announced address; empty means "use my socket address". */
  readonly ip: string;
  readonly flags: number;
  readonly stateOk: boolean;
  readonly messageFlags: number;
}

export interface GossipEntry {
  readonly id: NodeId;
  readonly pingSentSeconds: number;
  readonly pongReceivedSeconds: number;
  readonly ip: string;
  readonly port: number;
  readonly busPort: number;
  readonly flags: number;
  readonly secondaryPort: number;
}

export interface PingExtensions {
  readonly hostname?: string;
  readonly humanNodename?: string;
  readonly forgotten?: readonly { readonly id: NodeId; readonly ttlSeconds: number }[];
  readonly shardId?: string;
}

export type BusBody =
  | {
      readonly kind: 'ping' | 'pong' | 'meet';
      readonly gossip: readonly GossipEntry[];
      readonly extensions: PingExtensions;
    }
  | { readonly kind: 'fail'; readonly node: NodeId }
  | {
      readonly kind: 'publish' | 'publishshard';
      readonly channel: string;
      readonly message: string;
    }
  | { readonly kind: 'auth-req' | 'auth-ack' | 'mfstart' }
  | {
      readonly kind: 'update';
      readonly configEpoch: number;
      readonly node: NodeId;
      readonly slots: Uint8Array;
    }
  | {
      readonly kind: 'module';
      /** The module's id as 16 hex digits; opaque, copied as it came. */
      readonly moduleId: string;
      readonly messageType: number;
      readonly payload: string;
    }
  | UnknownBody;

/** A type this version does not know: legal on the wire, without effect, never sent. */
export interface UnknownBody {
  readonly kind: 'unknown';
  readonly type: number;
}

export interface BusMessage {
  readonly header: BusHeader;
  readonly body: BusBody;
}

/** What can be written: everything but the unknown. */
export interface SendableMessage {
  readonly header: BusHeader;
  readonly body: Exclude<BusBody, UnknownBody>;
}
