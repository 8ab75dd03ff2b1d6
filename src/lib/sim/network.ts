/**
 * Connections between simulated nodes, with the manners of TCP: bytes arrive in order or not at all, and
 * the loss of one packet is the end of everything behind it. A cut therefore does not drop single packets;
 * it makes the connection a black hole until one of its ends gives up, as a pulled cable does. A clogged
 * node is the other case: everything to it waits, and arrives late and in one go.
 */
import type { Prng } from '../kernel/prng.js';
import type { LinkId } from '../node/machine/effects.js';
import type { Agenda } from './agenda.js';

/** A node as the network sees it. Each restart is a new life: what was sent to an earlier one is lost. */
export interface Host {
  readonly index: number;
  readonly ip: string;
  readonly life: number;
  readonly isUp: boolean;
  takeLink(): LinkId;
  accept(link: LinkId, remoteIp: string): void;
  linkUp(link: LinkId): void;
  linkDown(life: number, link: LinkId): void;
  packet(life: number, link: LinkId, packet: Buffer): void;
}

interface End {
  readonly node: Host;
  /** Which life of the node: after a crash its connections are nobody's. */
  readonly life: number;
  readonly link: LinkId;
}

interface Connection {
  readonly ends: readonly [End, End];
  isOpen: boolean;
  /** Something was lost on the way: nothing behind it arrives. */
  isDead: boolean;
  /** Per direction: when the last packet arrives; the next may not overtake it. */
  readonly arrivesMs: [number, number];
}

const CONNECT_TIMEOUT_MS = 2000;

export class Network {
  /** Longest time a packet travels. */
  latencyMsMax = 4;
  readonly #agenda: Agenda;
  readonly #prng: Prng;
  readonly #nodes: readonly Host[];
  readonly #cuts = new Set<string>();
  readonly #clogged = new Map<Host, (() => void)[]>();
  readonly #connections = new Map<string, Connection>();

  constructor(agenda: Agenda, prng: Prng, nodes: readonly Host[]) {
    this.#agenda = agenda;
    this.#prng = prng;
    this.#nodes = nodes;
  }

  // --- faults ---------------------------------------------------------------

  /** Nothing passes between the two any more. */
  cut(a: Host, b: Host): void {
    this.#cuts.add(pairOf(a, b));
  }

  isCut(a: Host, b: Host): boolean {
    return this.#cuts.has(pairOf(a, b));
  }

  clog(node: Host): void {
    if (!this.#clogged.has(node)) this.#clogged.set(node, []);
  }

  unclog(node: Host): void {
    const held = this.#clogged.get(node) ?? [];
    this.#clogged.delete(node);
    for (const deliver of held) deliver();
  }

  /** Cuts are mended and clogs cleared. */
  heal(): void {
    this.#cuts.clear();
    for (const node of [...this.#clogged.keys()]) this.unclog(node);
  }

  /** The node is gone: its peers notice, as far as they can be reached. */
  hangUp(node: Host): void {
    for (const connection of [...this.#connections.values()]) {
      if (connection.ends.some((end) => end.node === node)) this.#end(connection, node);
    }
  }

  // --- what nodes do --------------------------------------------------------

  connect(from: Host, link: LinkId, ip: string): void {
    const to = this.#nodes.find((node) => node.ip === ip);
    const life = from.life;
    const fail = (delayMs: number) => {
      this.#agenda.after(delayMs, () => from.linkDown(life, link));
    };
    if (!to || this.isCut(from, to)) {
      fail(CONNECT_TIMEOUT_MS);
      return;
    }
    this.#agenda.after(this.#latencyMs(), () => {
      if (from.life !== life || !from.isUp) return;
      if (!to.isUp || this.isCut(from, to)) {
        fail(to.isUp ? CONNECT_TIMEOUT_MS : 0);
        return;
      }
      const accepted = to.takeLink();
      const connection: Connection = {
        ends: [
          { node: from, life, link },
          { node: to, life: to.life, link: accepted },
        ],
        isOpen: true,
        isDead: false,
        arrivesMs: [0, 0],
      };
      for (const end of connection.ends) this.#connections.set(keyOf(end), connection);
      to.accept(accepted, from.ip);
      from.linkUp(link);
    });
  }

  send(from: Host, link: LinkId, packet: Buffer): void {
    const connection = this.#connections.get(keyOf({ node: from, life: from.life, link }));
    if (!connection || connection.isDead) return;
    const side = connection.ends[0].node === from && connection.ends[0].link === link ? 1 : 0;
    const to = connection.ends[side];
    if (this.isCut(from, to.node)) {
      connection.isDead = true;
      return;
    }
    const arrivesMs = Math.max(this.#agenda.nowMs + this.#latencyMs(), connection.arrivesMs[side]);
    connection.arrivesMs[side] = arrivesMs;
    const deliver = (): void => {
      if (!connection.isOpen || connection.isDead) return;
      if (this.isCut(from, to.node)) connection.isDead = true;
      else to.node.packet(to.life, to.link, packet);
    };
    this.#agenda.after(arrivesMs - this.#agenda.nowMs, () => {
      const held = this.#clogged.get(to.node);
      if (held) held.push(deliver);
      else deliver();
    });
  }

  close(node: Host, link: LinkId): void {
    const connection = this.#connections.get(keyOf({ node, life: node.life, link }));
    if (connection) this.#end(connection, node);
  }

  #end(connection: Connection, by: Host): void {
    if (!connection.isOpen) return;
    connection.isOpen = false;
    for (const end of connection.ends) this.#connections.delete(keyOf(end));
    const other = connection.ends.find((end) => end.node !== by);
    if (!other || connection.isDead || this.isCut(by, other.node)) return;
    this.#agenda.after(this.#latencyMs(), () => other.node.linkDown(other.life, other.link));
  }

  #latencyMs(): number {
    return 1 + this.#prng.below(this.latencyMsMax);
  }
}

const keyOf = ({ node, life, link }: End): string => `${node.index}/${life}/${link}`;

const pairOf = (a: Host, b: Host): string =>
  `${Math.min(a.index, b.index)}-${Math.max(a.index, b.index)}`;
