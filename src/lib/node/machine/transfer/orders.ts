/** What the machine has the shell do for a transfer, and what it hears of it. */
import type { SlotRange } from '../../../kernel/ranges.js';

export type TransferOrder = { readonly id: string } & (
  | {
      /** Connect to that client port, say the password if there is one, and propose the job. */
      readonly act: 'dial';
      readonly host: string;
      readonly port: number;
      readonly proposal: readonly string[];
    }
  /** Source: the moment of the picture is now; it is sent, and then what was written meanwhile. */
  | { readonly act: 'copy'; readonly ranges: readonly SlotRange[] }
  /** Source: writes to the slots wait, and nothing more is sent but these words. */
  | {
      readonly act: 'hold';
      readonly ranges: readonly SlotRange[];
      readonly then: readonly string[];
    }
  | { readonly act: 'unhold' }
  /** Target: leftovers in these slots go; what comes in is not shown. */
  | { readonly act: 'hide'; readonly ranges: readonly SlotRange[] }
  | { readonly act: 'show'; readonly ranges: readonly SlotRange[] }
  /** Target: what came in goes. */
  | { readonly act: 'discard'; readonly ranges: readonly SlotRange[] }
  | { readonly act: 'say'; readonly words: readonly string[] }
  /** Our replicas hear it in the stream. */
  | { readonly act: 'tell-replicas'; readonly words: readonly string[] }
  /** Hang up, once what was said has left; forget the job. */
  | { readonly act: 'end' }
);

export type TransferEvent = { readonly id: string } & (
  | { readonly what: 'dialed' }
  | { readonly what: 'accepted' }
  | { readonly what: 'refused'; readonly text: string }
  /** Source: the picture has left, and everything that waited for it. */
  | { readonly what: 'copied' }
  /** Source: bytes that have not left, and bytes that the target has not confirmed. */
  | {
      readonly what: 'confirmed';
      readonly unsentBytes: number;
      readonly unconfirmedBytes: number;
      readonly confirmedBytes: number;
    }
  /** Target: it has confirmed that much. */
  | { readonly what: 'confirming'; readonly bytes: number }
  /** Words of the other side, without CLUSTER SYNCSLOTS. */
  | { readonly what: 'heard'; readonly words: readonly string[] }
  | { readonly what: 'closed' }
  /** It cannot go on, whoever is at fault. */
  | { readonly what: 'broken'; readonly why: string }
);
