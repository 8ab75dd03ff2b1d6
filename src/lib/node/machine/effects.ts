/**
 * What goes into the machine and what comes out. Effects are performed in order, and the first one of a
 * step is the save, if there is one: a vote is on disk before its message leaves.
 */
import type { LogLevel } from '../ports/wings.js';
import type { ClusterSettings } from './settings.js';
import type { TransferEvent, TransferOrder } from './transfer/orders.js';

/** Numbers a bus connection for as long as it lives; `takeLinkId` of the state hands them out. */
export type LinkId = number;

export type Input =
  /** The cron: every `msUntilTick` of the machine. */
  | { readonly kind: 'tick'; readonly nowMs: number }
  /** An outbound connection stands. */
  | { readonly kind: 'link-up'; readonly nowMs: number; readonly link: LinkId }
  | { readonly kind: 'link-down'; readonly nowMs: number; readonly link: LinkId }
  /** A peer connected to us. Addresses are plain IPs, without an IPv4-in-IPv6 prefix. */
  | {
      readonly kind: 'accepted';
      readonly nowMs: number;
      readonly link: LinkId;
      readonly remoteIp: string;
      readonly localIp: string;
    }
  | {
      readonly kind: 'packet';
      readonly nowMs: number;
      readonly link: LinkId;
      readonly packet: Buffer;
    }
  | ({ readonly kind: 'publish'; readonly nowMs: number } & Publication)
  /** News of slots that move. */
  | { readonly kind: 'transfer'; readonly nowMs: number; readonly event: TransferEvent }
  /** Clients deleted all keys. */
  | { readonly kind: 'flushed'; readonly nowMs: number }
  | { readonly kind: 'settings'; readonly nowMs: number; readonly settings: ClusterSettings }
  /** Data were read from disk. */
  | { readonly kind: 'loaded'; readonly nowMs: number }
  /** The clock did not run (a stopped process, a long pause): nobody was silent meanwhile. */
  | { readonly kind: 'slept'; readonly nowMs: number; readonly ms: number };

export interface Publication {
  readonly channel: string;
  readonly message: string;
  readonly sharded: boolean;
}

export type Effect =
  /** Write nodes.conf; `durable` means synced before any later effect. */
  | { readonly kind: 'persist'; readonly durable: boolean }
  | {
      readonly kind: 'connect';
      readonly link: LinkId;
      readonly ip: string;
      readonly busPort: number;
    }
  | { readonly kind: 'close'; readonly link: LinkId }
  | { readonly kind: 'send'; readonly link: LinkId; readonly packet: Buffer }
  /** Replicate from there; repeated when the address changes. */
  | { readonly kind: 'follow'; readonly ip: string; readonly port: number }
  | { readonly kind: 'promote' }
  | { readonly kind: 'pause-writes'; readonly untilMs: number }
  | { readonly kind: 'unpause-writes' }
  /** Delete the keys of a slot that moved away. */
  | { readonly kind: 'drop-slot'; readonly slot: number }
  | { readonly kind: 'flush-all' }
  /** Blocked clients must look again: slots, role or state changed. */
  | { readonly kind: 'release-blocked' }
  | ({ readonly kind: 'deliver' } & Publication)
  /** These slots left us, or the primary we follow: who listens to shard channels in them must look for the new one. */
  | { readonly kind: 'end-shard-channels'; readonly slots: ReadonlySet<number> }
  | { readonly kind: 'transfer'; readonly order: TransferOrder }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly text: string };
