/**
 * One simulated node: the real machine, its file as text, and a rough copy of what the rest of a server
 * would tell it. Replication is only as real as elections need: an offset that grows on a primary and is
 * copied by its replicas while they can reach it.
 */
import type { NodeId } from '../kernel/node-id.js';
import { Prng } from '../kernel/prng.js';
import { applySettings } from '../node/machine/apply-settings.js';
import { runClusterCommand } from '../node/machine/commands/cluster-command.js';
import { msUntilTick } from '../node/machine/cron.js';
import type { Effect, Input, LinkId } from '../node/machine/effects.js';
import { memoryOf, recall } from '../node/machine/memory.js';
import type { ClusterSettings } from '../node/machine/settings.js';
import {
  createState,
  takeLinkId,
  type ClusterState,
  type StateOptions,
} from '../node/machine/state.js';
import { step, within } from '../node/machine/step.js';
import { ReplyWriter } from '../wire/resp/reply-writer.js';
import { formatNodesConf, parseNodesConf } from '../wire/nodes-conf.js';
import type { Agenda } from './agenda.js';
import type { Network } from './network.js';

const PORT = 7000;
const BUS_PORT = 17_000;

/** What the world does around a node; the hooks see effects before they are performed. */
export interface Surroundings {
  readonly agenda: Agenda;
  readonly network: () => Network;
  readonly settings: ClusterSettings;
  readonly prng: Prng;
  /** May leave effects out: that is how a defect is planted. */
  readonly filter: (node: SimNode, effects: readonly Effect[]) => readonly Effect[];
  /** After each effect. */
  readonly watch: (node: SimNode, effect: Effect) => void;
}

export class SimNode {
  readonly index: number;
  readonly ip: string;
  isUp = false;
  /** Counts starts; what was meant for an earlier life does not arrive. */
  life = 0;
  state!: ClusterState;
  offset = 0;
  isLinkUp = false;
  lastPrimaryIoMs: number | undefined;
  linkDownSinceMs: number | undefined;
  /** A replica that falls behind: its link stands, and no data come through. */
  isStarved = false;
  /** Clients' writes wait until then. */
  pausedUntilMs = 0;
  readonly #around: Surroundings;
  /** What a crash leaves, and what it may leave: the second was written, but not synced. */
  #synced = '';
  #written = '';

  constructor(index: number, around: Surroundings) {
    this.index = index;
    this.ip = `10.0.${index >> 8}.${index & 255}`;
    this.#around = around;
  }

  get id(): NodeId {
    return this.state.myself.id;
  }

  start(): void {
    const { agenda, settings, prng } = this.#around;
    this.life++;
    this.isUp = true;
    this.isLinkUp = false;
    this.pausedUntilMs = 0;
    const seed = new Prng(prng.uint32(), prng.uint32());
    const options: StateOptions = {
      id: seed.hex(40) as NodeId,
      ports: { port: PORT, tlsPort: 0, busPort: BUS_PORT },
      settings,
      surroundings: this.#surroundings(),
      prng: seed,
      nowMs: agenda.nowMs,
    };
    const conf = this.#written === '' ? undefined : parseNodesConf(this.#written);
    if (conf && !conf.ok) throw new Error(`a node wrote what it cannot read: ${conf.error.reason}`);
    this.state = conf ? recall(conf.value, options) : createState(options);
    this.#persist(true);
    this.#perform(within(this.state, agenda.nowMs, () => applySettings(this.state, settings)));
    this.#scheduleTick(this.life);
  }

  /** Ends without a word. What was not synced may be lost or not, as chance has it. */
  crash(): void {
    if (!this.isUp) return;
    this.isUp = false;
    if (this.#around.prng.below(2) === 0) this.#written = this.#synced;
    this.#around.network().hangUp(this);
  }

  /** A change by command. */
  change(change: (state: ClusterState) => void): void {
    this.#perform(within(this.state, this.#around.agenda.nowMs, () => change(this.state)));
  }

  /** CLUSTER <words>, as a client sends it. @returns the reply as it would travel */
  command(...words: readonly string[]): string {
    const reply = new ReplyWriter();
    const argv = ['cluster', ...words];
    this.#perform(runClusterCommand(this.state, argv, reply, this.#nowMs, { isTls: false, db: 0 }));
    return reply.take();
  }

  // --- from the network -----------------------------------------------------

  takeLink(): LinkId {
    return takeLinkId(this.state);
  }

  accept(link: LinkId, remoteIp: string): void {
    this.#feed({ kind: 'accepted', nowMs: this.#nowMs, link, remoteIp, localIp: this.ip });
  }

  linkUp(link: LinkId): void {
    this.#feed({ kind: 'link-up', nowMs: this.#nowMs, link });
  }

  linkDown(life: number, link: LinkId): void {
    if (life === this.life) this.#feed({ kind: 'link-down', nowMs: this.#nowMs, link });
  }

  packet(life: number, link: LinkId, packet: Buffer): void {
    if (life === this.life) this.#feed({ kind: 'packet', nowMs: this.#nowMs, link, packet });
  }

  // --- inside ---------------------------------------------------------------

  get #nowMs(): number {
    return this.#around.agenda.nowMs;
  }

  #feed(input: Input): void {
    if (this.isUp) this.#perform(step(this.state, input));
  }

  #scheduleTick(life: number): void {
    this.#around.agenda.after(msUntilTick(this.state), () => {
      if (!this.isUp || this.life !== life) return;
      this.#feed({ kind: 'tick', nowMs: this.#nowMs });
      this.#scheduleTick(life);
    });
  }

  #perform(effects: readonly Effect[]): void {
    const life = this.life;
    for (const effect of this.#around.filter(this, effects)) {
      // A crash may come between two effects of one step.
      if (!this.isUp || this.life !== life) return;
      this.#performOne(effect);
      this.#around.watch(this, effect);
    }
  }

  #performOne(effect: Effect): void {
    const network = this.#around.network();
    switch (effect.kind) {
      case 'persist':
        this.#persist(effect.durable);
        return;
      case 'connect':
        network.connect(this, effect.link, effect.ip);
        return;
      case 'close':
        network.close(this, effect.link);
        return;
      case 'send':
        network.send(this, effect.link, effect.packet);
        return;
      case 'pause-writes':
        this.pausedUntilMs = effect.untilMs;
        return;
      case 'unpause-writes':
        this.pausedUntilMs = 0;
        return;
      default:
        return;
    }
  }

  #persist(durable: boolean): void {
    this.#written = formatNodesConf(memoryOf(this.state));
    if (durable) this.#synced = this.#written;
  }

  #surroundings(): StateOptions['surroundings'] {
    return {
      keyCount: () => 0,
      countKeysInSlot: () => 0,
      keysInSlot: () => [],
      hasKey: () => false,
      replicationOffset: () => this.offset,
      isPrimaryLinkUp: () => this.isLinkUp,
      lastPrimaryIoMs: () => this.lastPrimaryIoMs,
      linkDownSinceMs: () => this.linkDownSinceMs,
      pendingBytes: () => 0,
      saveNow: () => {
        this.#persist(true);
        return undefined;
      },
    };
  }
}
