/**
 * The sockets of the bus. The machine numbers links; here each number is a connection with a framer.
 * Nothing is decided here: what comes in is cut into packets and handed on, what the machine sends is
 * written, and an end is reported once.
 */
import { BusFramer } from '../../../wire/bus/framer.js';
import type { LinkId } from '../../machine/effects.js';
import type { Dial } from '../dial.js';
import type { PeerSocket } from '../network.js';

export interface LinkEvents {
  up(link: LinkId): void;
  packet(link: LinkId, packet: Buffer): void;
  /** Not called for a link that `close` ended. */
  down(link: LinkId): void;
}

/**
 * Bytes a link may hold back before it is given up. A peer that reads nothing for this much gossip is
 * suspected long before; the bound keeps a stopped peer under a flood of PUBLISH from filling memory.
 */
const PENDING_BYTES_MAX = 256 * 1024 * 1024;

export class BusLinks {
  readonly #sockets = new Map<LinkId, PeerSocket>();
  readonly #dial: Dial;
  readonly #events: LinkEvents;

  constructor(dial: Dial, events: LinkEvents) {
    this.#dial = dial;
    this.#events = events;
  }

  connect(link: LinkId, ip: string, port: number, from: string | undefined): void {
    const socket = this.#dial({ host: ip, port, localAddress: from }, () => {
      if (this.#sockets.get(link) === socket) this.#events.up(link);
    });
    this.#attach(link, socket);
  }

  accept(link: LinkId, socket: PeerSocket): void {
    this.#attach(link, socket);
  }

  send(link: LinkId, packet: Buffer): void {
    const socket = this.#sockets.get(link);
    if (!socket) return;
    socket.write(packet);
    if (socket.writableLength > PENDING_BYTES_MAX) this.#end(link, socket);
  }

  close(link: LinkId): void {
    const socket = this.#sockets.get(link);
    this.#sockets.delete(link);
    socket?.destroy();
  }

  closeAll(): void {
    for (const link of [...this.#sockets.keys()]) this.close(link);
  }

  pendingBytes(link: LinkId): number {
    return this.#sockets.get(link)?.writableLength ?? 0;
  }

  #attach(link: LinkId, socket: PeerSocket): void {
    const framer = new BusFramer();
    this.#sockets.set(link, socket);
    socket.on('data', (chunk: Buffer) => {
      const framed = framer.push(chunk);
      const packets = framed.ok ? framed.value : [];
      for (const packet of packets) {
        // A packet may have closed the link it came on.
        if (this.#sockets.get(link) !== socket) return;
        this.#events.packet(link, packet);
      }
      // Whoever speaks something else than the bus protocol cannot be understood again.
      if (framer.defect !== undefined) this.#end(link, socket);
    });
    socket.on('error', () => this.#end(link, socket));
    socket.on('close', () => this.#end(link, socket));
  }

  #end(link: LinkId, socket: PeerSocket): void {
    socket.destroy();
    if (this.#sockets.get(link) !== socket) return;
    this.#sockets.delete(link);
    this.#events.down(link);
  }
}
