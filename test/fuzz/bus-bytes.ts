/**
 * Packets that no node of the cluster has sent, case by case from a seed: whole ones of every type in the name
 * of a known or an unknown node, with fields that are lies, and damaged ones. Ids come from a small pool, as
 * every stranger that a known node vouches for is remembered.
 */
import type { NodeId } from '../../src/lib/kernel/node-id.js';
import { Prng } from '../../src/lib/kernel/prng.js';
import { encodeMessage } from '../../src/lib/wire/bus/codec.js';
import { GOSSIP, GOSSIP_ENTRY_BYTES, HEADER, HEADER_BYTES } from '../../src/lib/wire/bus/layout.js';
import {
  NodeFlag,
  type BusHeader,
  type GossipEntry,
  type SendableMessage,
} from '../../src/lib/wire/bus/message.js';

export interface KnownNode {
  readonly id: NodeId;
  readonly port: number;
}

/** Whom the cluster knows it believes, here as in redis-server: whoever speaks in its name can turn it over. */
export type Senders = 'strangers' | 'anybody';

type Body = SendableMessage['body'];

const STRANGERS = Array.from({ length: 6 }, (_, at) => new Prng(at).hex(40) as NodeId);
const ODD_NUMBERS = [0, 1, 2, 15, 16, 255, 256, 2256, 16_383, 16_384, 32_767, 65_535];
const ODD_WORDS = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const ADDRESSES = [
  '',
  '127.0.0.1',
  '0.0.0.0',
  '::1',
  'nonsense',
  '127.0.0.1\0x',
  '255.255.255.255',
];

export class BusBytes {
  readonly #prng: Prng;
  readonly #known: readonly KnownNode[];
  readonly #senders: Senders;

  constructor(seed: number, index: number, known: readonly KnownNode[], senders: Senders) {
    this.#prng = new Prng(seed, index);
    this.#known = known;
    this.#senders = senders;
  }

  make(): Buffer {
    const packet = encodeMessage({ header: this.#header(), body: this.#body() });
    const kind = this.#prng.below(10);
    if (kind < 4) return packet;
    return kind < 8 ? this.#lying(packet) : this.#damaged(packet);
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#prng.below(from.length)]!;
  }

  #id(): NodeId {
    const isKnown = this.#prng.below(4) > 0;
    return isKnown ? this.#pick(this.#known).id : this.#pick(STRANGERS);
  }

  #sender(speaker: KnownNode): NodeId {
    if (this.#senders === 'strangers') return this.#pick(STRANGERS);
    return this.#prng.below(4) > 0 ? speaker.id : this.#id();
  }

  #slots(): Buffer {
    const slots = Buffer.alloc(2048);
    if (this.#prng.below(4) === 0) slots.fill(this.#prng.below(256));
    else slots[this.#prng.below(2048)] = this.#prng.below(256);
    return slots;
  }

  #flags(): number {
    let flags = this.#pick([NodeFlag.primary, NodeFlag.replica]);
    for (const flag of Object.values(NodeFlag)) if (this.#prng.below(8) === 0) flags |= flag;
    return flags;
  }

  #epoch(): number {
    return this.#prng.below(4) === 0 ? this.#prng.below(1000) : this.#prng.below(5);
  }

  #header(): BusHeader {
    const speaker = this.#pick(this.#known);
    const { port } = this.#prng.below(8) === 0 ? { port: this.#pick(ODD_NUMBERS) } : speaker;
    return {
      sender: this.#sender(speaker),
      port,
      secondaryPort: this.#prng.below(8) === 0 ? this.#pick(ODD_NUMBERS) : 0,
      busPort: this.#prng.below(8) === 0 ? this.#pick(ODD_NUMBERS) : (port + 10_000) & 0xffff,
      currentEpoch: this.#epoch(),
      configEpoch: this.#epoch(),
      offset: this.#prng.below(1000),
      slots: this.#slots(),
      replicaOf: this.#prng.below(3) === 0 ? this.#id() : undefined,
      ip: this.#pick(ADDRESSES.slice(0, 2)),
      flags: this.#flags(),
      stateOk: this.#prng.below(2) === 0,
      messageFlags: this.#prng.below(4) === 0 ? this.#prng.below(256) & ~4 : 0,
    };
  }

  #body(): Body {
    switch (this.#prng.below(9)) {
      case 0:
        return { kind: 'fail', node: this.#id() };
      case 1:
        return {
          kind: this.#pick(['publish', 'publishshard'] as const),
          channel: 'c',
          message: 'm',
        };
      case 2:
        return { kind: this.#pick(['auth-req', 'auth-ack', 'mfstart'] as const) };
      case 3:
        return {
          kind: 'update',
          configEpoch: this.#epoch(),
          node: this.#id(),
          slots: this.#slots(),
        };
      default:
        return {
          kind: this.#pick(['ping', 'pong', 'meet'] as const),
          gossip: Array.from({ length: this.#prng.below(4) }, () => this.#gossip()),
          extensions: this.#prng.below(3) === 0 ? { hostname: 'host.test' } : {},
        };
    }
  }

  #gossip(): GossipEntry {
    return {
      id: this.#id(),
      pingSentSeconds: this.#pick(ODD_WORDS),
      pongReceivedSeconds: this.#pick(ODD_WORDS),
      ip: this.#pick(ADDRESSES),
      port: this.#pick(ODD_NUMBERS),
      busPort: this.#pick(ODD_NUMBERS),
      flags: this.#flags(),
      secondaryPort: this.#pick(ODD_NUMBERS),
    };
  }

  /** Some fields of a packet hold something else. */
  #lying(packet: Buffer): Buffer {
    for (let lies = 1 + this.#prng.below(3); lies > 0; lies--) {
      const offsets = [...Object.values(HEADER), HEADER.currentEpoch + 4, HEADER.configEpoch + 4];
      const inGossip = HEADER_BYTES + this.#pick(Object.values(GOSSIP));
      const isInside = packet.length >= HEADER_BYTES + GOSSIP_ENTRY_BYTES;
      const at = isInside && this.#prng.below(3) === 0 ? inGossip : this.#pick(offsets);
      if (at + 4 > packet.length) continue;
      if (this.#prng.below(2) === 0) packet.writeUInt16BE(this.#pick(ODD_NUMBERS), at);
      else packet.writeUInt32BE(this.#pick(ODD_WORDS), at);
    }
    return packet;
  }

  #damaged(packet: Buffer): Buffer {
    switch (this.#prng.below(4)) {
      case 0:
        return packet.subarray(0, this.#prng.below(packet.length));
      case 1:
        packet[this.#prng.below(packet.length)] = this.#prng.below(256);
        return packet;
      case 2: {
        // The length it says, but less of it than its kind and its count ask for.
        const length = 16 + this.#prng.below(packet.length - 16);
        packet.writeUInt32BE(length, HEADER.totalLength);
        return packet.subarray(0, length);
      }
      default:
        return Buffer.from(
          Array.from({ length: this.#prng.below(5000) }, () => this.#prng.below(256)),
        );
    }
  }
}
