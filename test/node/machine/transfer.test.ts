/** Moves of slots as the machine decides them, with a virtual clock and every word between the two nodes in the hands of the test. */
import { expect } from 'chai';
import type { TransferJob } from '../../../src/lib/node/machine/transfer/job.js';
import type {
  TransferEvent,
  TransferOrder,
} from '../../../src/lib/node/machine/transfer/orders.js';
import { acceptProposal, hearOfImport } from '../../../src/lib/node/machine/transfer/proposal.js';
import { hearTransfer } from '../../../src/lib/node/machine/transfer/progress.js';
import type { SimNode } from '../../../src/lib/sim/node.js';
import { World } from '../../../src/lib/sim/world.js';

const HOLD_MS = 2000;
const SLOT = 0;

type News<Event> = Event extends unknown ? Omit<Event, 'id'> : never;

/** Slot 0 of node 0 is to go to node 1, which has a replica, node 4. */
class Scene {
  readonly world: World;
  readonly source: SimNode;
  readonly target: SimNode;
  readonly replica: SimNode;
  readonly #orders = new Map<SimNode, TransferOrder[]>();
  id = '';
  readonly steps: [SimNode, 'saved' | 'soon' | 'said'][] = [];

  constructor(persona: 'redis-8.4' | 'valkey-9' = 'redis-8.4') {
    this.world = new World({
      seed: 3,
      primaries: 3,
      replicasPerPrimary: 1,
      settings: { persona, transferHoldMs: HOLD_MS, keptTransfers: 2, nodeTimeoutMs: 3000 },
      watch: (node, effect) => {
        if (effect.kind === 'transfer') this.ordersOf(node).push(effect.order);
        const isSpoken = effect.kind === 'transfer' && effect.order.act === 'say';
        if (effect.kind === 'persist') this.steps.push([node, effect.durable ? 'saved' : 'soon']);
        else if (effect.kind === 'send' || isSpoken) this.steps.push([node, 'said']);
      },
    });
    this.world.form();
    const [source, target] = this.world.nodes as [SimNode, SimNode];
    [this.source, this.target] = [source, target];
    this.replica = this.world.nodes.find(({ state }) => state.myself.primary?.id === target.id)!;
  }

  ordersOf(node: SimNode): TransferOrder[] {
    let orders = this.#orders.get(node);
    if (orders === undefined) this.#orders.set(node, (orders = []));
    return orders;
  }

  /** What was ordered since the last look. */
  acts(node: SimNode): readonly string[] {
    return this.ordersOf(node)
      .splice(0)
      .map((one) => (one.act === 'say' ? `say ${one.words.join(' ')}` : one.act));
  }

  job(node: SimNode): TransferJob {
    return node.state.transfers.find(({ id }) => id === this.id)!;
  }

  tell(node: SimNode, event: News<TransferEvent>): void {
    node.change((state) => hearTransfer(state, { id: this.id, ...event }));
  }

  owner(node: SimNode): string | undefined {
    return node.state.owners[SLOT]?.id;
  }

  /** Up to the moment when both follow. */
  begin(): void {
    this.target.command('MIGRATION', 'IMPORT', String(SLOT), String(SLOT));
    this.id = this.target.state.transfers[0]!.id;
    this.connect();
  }

  connect(): void {
    const dial = this.ordersOf(this.target).find((one) => one.act === 'dial');
    if (dial?.act !== 'dial') throw new Error('nobody dials');
    this.tell(this.target, { what: 'dialed' });
    this.source.change((state) => {
      const outcome = acceptProposal(state, dial.proposal.slice(1));
      if (typeof outcome === 'string') throw new Error(outcome);
    });
    this.tell(this.target, { what: 'accepted' });
    this.tell(this.source, { what: 'copied' });
    this.tell(this.target, { what: 'heard', words: ['COPIED'] });
    this.tell(this.target, { what: 'confirming', bytes: 70 });
    this.acts(this.source);
    this.acts(this.target);
  }

  /** The source holds writes. @returns what it says then */
  hold(): readonly string[] {
    this.tell(this.source, {
      what: 'confirmed',
      unsentBytes: 0,
      unconfirmedBytes: 0,
      confirmedBytes: 70,
    });
    const hold = this.ordersOf(this.source).find((one) => one.act === 'hold');
    if (hold?.act !== 'hold') throw new Error('it does not hold');
    this.acts(this.source);
    return hold.then;
  }
}

describe('a move of slots', () => {
  it('changes hands with a new epoch that is on disk before it is spoken of', () => {
    const scene = new Scene();
    scene.begin();
    const epochs = scene.world.nodes.map(({ state }) => state.myself.configEpoch);
    const held = scene.hold();
    scene.steps.length = 0;
    scene.tell(scene.target, { what: 'heard', words: held });
    const first = scene.steps.filter(([node]) => node === scene.target).map(([, what]) => what);
    expect(first[0]).to.equal('saved');
    expect(first.filter((what) => what === 'said').length).to.be.greaterThan(4);
    const epoch = scene.target.state.myself.configEpoch;
    expect(epoch).to.be.greaterThan(Math.max(...epochs));
    expect(scene.acts(scene.target)).to.deep.equal([
      `say TAKEN ${epoch}`,
      'show',
      'tell-replicas',
      'end',
    ]);
    expect(scene.owner(scene.source)).to.equal(scene.source.id);
    scene.tell(scene.source, { what: 'heard', words: ['TAKEN', String(epoch)] });
    expect(scene.owner(scene.source)).to.equal(scene.target.id);
    expect(scene.acts(scene.source)).to.deep.equal(['unhold', 'end']);
    scene.world.run(1000);
    for (const node of scene.world.nodes) expect(scene.owner(node)).to.equal(scene.target.id);
  });

  it('is learned from the bus when the word of the target is lost', () => {
    const scene = new Scene();
    scene.begin();
    const held = scene.hold();
    scene.tell(scene.source, { what: 'closed' });
    expect(scene.job(scene.source).phase).to.equal('holding');
    scene.tell(scene.target, { what: 'heard', words: held });
    scene.world.run(500);
    expect(scene.job(scene.source).phase).to.equal('done');
    expect(scene.acts(scene.source)).to.deep.equal(['unhold', 'end']);
  });

  it('is not taken after the source may have gone on', () => {
    const scene = new Scene();
    scene.begin();
    const held = scene.hold();
    // It has to answer once more, after that, without a claim.
    scene.world.run(HOLD_MS + 500);
    expect(scene.job(scene.source)).to.include({ phase: 'failed' });
    expect(scene.acts(scene.source)).to.include('unhold');
    scene.tell(scene.target, { what: 'heard', words: held });
    const acts = scene.acts(scene.target).filter((act) => act !== 'tell-replicas');
    expect(acts).to.deep.equal([
      'discard',
      'say FAILED The source has held writes for too long',
      'end',
    ]);
    expect(scene.owner(scene.target)).to.equal(scene.source.id);
  });

  it('counts the pause from what the source heard, not from what was said later', () => {
    const scene = new Scene();
    scene.begin();
    const held = scene.hold();
    scene.world.run(HOLD_MS - 100);
    scene.tell(scene.target, { what: 'confirming', bytes: 90 });
    scene.world.run(200);
    scene.tell(scene.target, { what: 'heard', words: held });
    expect(scene.job(scene.target).phase).to.equal('failed');
  });

  it('keeps the source waiting while nobody can say whether it happened', () => {
    const scene = new Scene();
    const { world, source, target } = scene;
    scene.begin();
    const held = scene.hold();
    for (const other of world.nodes) if (other !== target) world.network.cut(other, target);
    scene.tell(source, { what: 'closed' });
    scene.tell(target, { what: 'heard', words: held });
    expect(scene.job(target).phase).to.equal('done');
    world.run(HOLD_MS + 300);
    expect(scene.job(source).phase).to.equal('holding');
    world.network.heal();
    world.run(2000);
    expect(scene.job(source).phase).to.equal('done');
    expect(scene.owner(source)).to.equal(target.id);
  });

  it('does not wait for ever for a target that is dead', () => {
    const scene = new Scene();
    scene.begin();
    scene.hold();
    scene.target.crash();
    scene.tell(scene.source, { what: 'closed' });
    scene.world.run(8000);
    expect(scene.job(scene.source).phase).to.equal('failed');
    expect(scene.acts(scene.source)).to.include('unhold');
  });

  it('that failed is tried again by its destination, until that is told to stop', () => {
    const scene = new Scene();
    scene.begin();
    scene.tell(scene.target, { what: 'closed' });
    scene.tell(scene.source, { what: 'closed' });
    expect(scene.job(scene.target)).to.include({ phase: 'failed', retries: 0 });
    scene.acts(scene.target);
    scene.world.run(1200);
    expect(scene.job(scene.target)).to.include({ phase: 'dialing', retries: 1 });
    scene.connect();
    scene.tell(scene.target, { what: 'broken', why: 'no room' });
    expect(scene.target.command('MIGRATION', 'CANCEL', 'ALL')).to.equal(':1\r\n');
    scene.world.run(5000);
    expect(scene.job(scene.target)).to.include({ phase: 'cancelled', message: 'no room' });
  });

  it('ends when the source is no owner any more', () => {
    const scene = new Scene();
    scene.begin();
    scene.source.command('DELSLOTS', String(SLOT));
    expect(scene.job(scene.source).phase).to.equal('failed');
  });

  it('ends when somebody opens one of its slots by hand', () => {
    const scene = new Scene();
    scene.begin();
    scene.source.command('SETSLOT', String(SLOT), 'MIGRATING', scene.target.id);
    scene.world.run(200);
    expect(scene.job(scene.source).phase).to.equal('failed');
  });

  it('is forgotten by a replica that is promoted before it is over, and shown by one promoted after', () => {
    for (const isOver of [false, true]) {
      const scene = new Scene();
      const { replica, source, target, world } = scene;
      scene.begin();
      const watch = [scene.id, source.id, target.id, String(SLOT), String(SLOT)];
      replica.change((state) => hearOfImport(state, 'WATCH', watch));
      expect(scene.acts(replica)).to.deep.equal(['hide']);
      if (isOver) {
        scene.tell(target, { what: 'heard', words: scene.hold() });
        world.run(300);
      }
      replica.command('FAILOVER', 'TAKEOVER');
      world.run(300);
      expect(scene.acts(replica)).to.deep.equal(
        isOver ? ['show', 'end'] : ['discard', 'say FAILED The target was replaced', 'end'],
      );
    }
  });

  it('that is over is listed as long as there is room', () => {
    const scene = new Scene('valkey-9');
    for (const slot of ['3', '6', '9']) {
      scene.source.command('MIGRATESLOTS', 'SLOTSRANGE', slot, slot, 'NODE', scene.target.id);
    }
    expect(scene.source.state.transfers.length).to.equal(3);
    scene.source.command('CANCELSLOTMIGRATIONS');
    const listed = scene.source.state.transfers.map(({ ranges, phase }) => [
      ranges[0]!.first,
      phase,
    ]);
    expect(listed).to.deep.equal([
      [6, 'cancelled'],
      [3, 'cancelled'],
    ]);
  });
});
