/** The rules of the cluster machine, each in a small world with a clock of its own. */
import { expect } from 'chai';
import { CLUSTER_NODES_MAX } from '../../../src/lib/kernel/limits.js';
import type { NodeId } from '../../../src/lib/kernel/node-id.js';
import { hearGossip } from '../../../src/lib/node/machine/gossip.js';
import type { Effect } from '../../../src/lib/node/machine/effects.js';
import { isFailed, isPrimary } from '../../../src/lib/node/machine/state.js';
import type { SimNode } from '../../../src/lib/sim/node.js';
import { World, type WorldOptions } from '../../../src/lib/sim/world.js';
import { HEADER } from '../../../src/lib/wire/bus/layout.js';
import { BUS_TYPES, NodeFlag } from '../../../src/lib/wire/bus/message.js';

const NODE_TIMEOUT_MS = 1000;

function formed(options: Partial<WorldOptions> = {}): World {
  const world = new World({ seed: 7, primaries: 3, replicasPerPrimary: 1, ...options });
  world.form();
  return world;
}

const isType = (effect: Effect, type: keyof typeof BUS_TYPES): boolean =>
  effect.kind === 'send' && effect.packet.readUInt16BE(HEADER.type) === BUS_TYPES[type];

const replicasOf = (world: World, primary: SimNode): SimNode[] =>
  world.nodes.filter(({ state }) => state.myself.primary?.id === primary.id);

/** Runs until it holds. @returns how long that took */
function runUntil(world: World, what: string, holds: () => boolean, withinMs = 20_000): number {
  const startMs = world.nowMs;
  while (!holds()) {
    if (world.nowMs - startMs > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    world.run(10);
  }
  return world.nowMs - startMs;
}

const sees = (node: SimNode, other: SimNode) => node.state.nodes.get(other.id)!;

describe('the cluster machine', function () {
  this.timeout(20_000);

  it('speaks no vote, no request and no new epoch before a durable save in the same step', () => {
    const checked = new Map<string, number>();
    const world = formed({
      filter: (node, effects) => {
        for (const [at, effect] of effects.entries()) {
          for (const type of ['auth-ack', 'auth-req'] as const) {
            if (!isType(effect, type)) continue;
            checked.set(type, (checked.get(type) ?? 0) + 1);
            const save = effects.findIndex((each) => each.kind === 'persist' && each.durable);
            expect(save, `${type} of ${node.ip}`).to.be.within(0, at - 1);
          }
        }
        return effects;
      },
    });
    world.nodes[0]!.crash();
    const [heir] = replicasOf(world, world.nodes[0]!);
    runUntil(world, 'the heir is elected', () => isPrimary(heir!.state.myself));
    expect(checked.get('auth-req')).to.be.greaterThan(0);
    expect(checked.get('auth-ack')).to.be.greaterThan(1);
  });

  it('elects the replica with more data, whatever the jitter', () => {
    for (let seed = 0; seed < 8; seed++) {
      const world = formed({ seed, replicasPerPrimary: 2 });
      const [primary] = world.nodes;
      const [late, fresh] = replicasOf(world, primary!) as [SimNode, SimNode];
      world.network.cut(late, primary!);
      world.run(500);
      expect(fresh.offset, `seed ${seed}`).to.be.greaterThan(late.offset);
      primary!.crash();
      runUntil(world, 'somebody is elected', () =>
        [late, fresh].some(({ state }) => isPrimary(state.myself)),
      );
      expect(isPrimary(fresh.state.myself), `seed ${seed}`).to.equal(true);
    }
  });

  it('an old replica does not stand where the validity factor forbids it', () => {
    const world = formed({ settings: { replicaValidityFactor: 1, replPingPeriodMs: 1000 } });
    const [primary, voter] = world.nodes as [SimNode, SimNode];
    const [replica] = replicasOf(world, primary) as [SimNode];
    world.network.cut(replica, primary);
    world.run(10_000);
    primary.crash();
    world.run(10_000);
    expect(isFailed(sees(voter, primary))).to.equal(true);
    expect(isPrimary(replica.state.myself)).to.equal(false);
  });

  it('suspects after a node timeout, and lifts FAIL from an owner after two more at the earliest', () => {
    const world = formed({ replicasPerPrimary: 0 });
    const [gone, witness] = world.nodes as [SimNode, SimNode];
    const crashedMs = world.nowMs;
    gone.crash();
    runUntil(world, 'it is failed', () => isFailed(sees(witness, gone)));
    const failedMs = sees(witness, gone).failedMs;
    expect(failedMs - crashedMs).to.be.within(NODE_TIMEOUT_MS, 4 * NODE_TIMEOUT_MS);
    gone.start();
    runUntil(world, 'it is back', () => !isFailed(sees(witness, gone)));
    expect(world.nowMs - failedMs).to.be.greaterThan(2 * NODE_TIMEOUT_MS);
    expect(world.runUntilWhole(20_000)).to.equal(undefined);
  });

  it('lifts FAIL from a replica as soon as it answers', () => {
    const world = formed();
    const [primary] = world.nodes as [SimNode];
    const [replica] = replicasOf(world, primary) as [SimNode];
    replica.crash();
    runUntil(world, 'it is failed', () => isFailed(sees(primary, replica)));
    const failedMs = sees(primary, replica).failedMs;
    replica.start();
    runUntil(world, 'it is back', () => !isFailed(sees(primary, replica)));
    expect(world.nowMs - failedMs).to.be.lessThan(2 * NODE_TIMEOUT_MS);
  });

  it('keeps a forgotten node out for sixty seconds of gossip, and no longer', () => {
    const world = formed({ replicasPerPrimary: 0 });
    const [forgetful, gone] = world.nodes as [SimNode, SimNode];
    expect(forgetful.command('FORGET', gone.id)).to.equal('+OK\r\n');
    world.run(59_900);
    expect(forgetful.state.nodes.has(gone.id)).to.equal(false);
    runUntil(world, 'gossip brings it back', () => forgetful.state.nodes.has(gone.id));
    expect(world.runUntilWhole(20_000)).to.equal(undefined);
  });

  it('an owner that boots waits two seconds, a replica and a blank node do not', () => {
    const world = formed();
    const [owner] = world.nodes as [SimNode];
    const [replica] = replicasOf(world, owner) as [SimNode];
    replica.crash();
    world.run(50);
    replica.start();
    expect(runUntil(world, 'the replica is ok', () => replica.state.isOk)).to.be.lessThan(1000);
    owner.crash();
    world.run(50);
    owner.start();
    expect(runUntil(world, 'the owner is ok', () => owner.state.isOk)).to.be.within(2000, 3000);
    const blank = new World({ seed: 1, primaries: 1, replicasPerPrimary: 0 });
    blank.nodes[0]!.command('ADDSLOTSRANGE', '0', '16383');
    expect(runUntil(blank, 'the blank node is ok', () => blank.nodes[0]!.state.isOk)).to.equal(0);
  });

  it('of two primaries with one epoch the smaller id takes a new one', () => {
    const world = formed({ replicasPerPrimary: 0 });
    const [a, b] = world.nodes.slice(0, 2).sort((x, y) => (x.id < y.id ? -1 : 1)) as [
      SimNode,
      SimNode,
    ];
    for (const node of [a, b]) {
      node.change((state) => {
        state.myself.configEpoch = 50;
        state.currentEpoch = 50;
        state.todo.announce = true;
      });
    }
    runUntil(world, 'the epochs differ', () => a.state.myself.configEpoch !== 50);
    expect(a.state.myself.configEpoch).to.equal(51);
    expect(b.state.myself.configEpoch).to.equal(50);
    expect(world.runUntilWhole(10_000)).to.equal(undefined);
  });

  it('a manual failover waits for the very offset of the paused primary, and gives up after 5 s', () => {
    const world = formed();
    const [primary] = world.nodes as [SimNode];
    const [replica] = replicasOf(world, primary) as [SimNode];
    replica.isStarved = true;
    world.run(500);
    expect(replica.command('FAILOVER')).to.equal('+OK\r\n');
    world.run(4900);
    expect(primary.state.manual.endMs).to.be.greaterThan(0);
    expect(replica.state.manual).to.include({ canStart: false, primaryOffset: primary.offset });
    expect(isPrimary(replica.state.myself)).to.equal(false);
    runUntil(world, 'both have given up', () =>
      [primary, replica].every(({ state }) => state.manual.endMs === 0),
    );
    replica.isStarved = false;
    expect(replica.command('FAILOVER')).to.equal('+OK\r\n');
    runUntil(world, 'it takes over once it has caught up', () => isPrimary(replica.state.myself));
    expect(world.runUntilWhole(10_000)).to.equal(undefined);
    expect(primary.state.myself.primary?.id).to.equal(replica.id);
  });

  it('an orphaned primary gets a replica from one that has several', () => {
    const world = formed({ replicasPerPrimary: 2 });
    const [orphan] = world.nodes as [SimNode];
    for (const replica of replicasOf(world, orphan)) replica.crash();
    runUntil(
      world,
      'a replica has moved',
      () => replicasOf(world, orphan).some((n) => n.isUp),
      30_000,
    );
    expect(replicasOf(world, orphan).filter(({ isUp }) => isUp)).to.have.length(1);
  });

  it('takes in only so many nodes that others vouch for', () => {
    const world = new World({ seed: 7, primaries: 2, replicasPerPrimary: 0 });
    world.form();
    const [node, liar] = world.nodes as [SimNode, SimNode];
    const invented = Array.from({ length: CLUSTER_NODES_MAX + 10 }, (_, index) => ({
      id: index.toString(16).padStart(40, '0') as NodeId,
      ip: '10.9.9.9',
      port: 1,
      busPort: 1,
      secondaryPort: 0,
      flags: NodeFlag.primary,
      pingSentSeconds: 0,
      pongReceivedSeconds: 0,
    }));
    // Only heard: nobody connects to the inventions.
    hearGossip(node.state, sees(node, liar), invented);
    expect(node.state.roster).to.have.length(CLUSTER_NODES_MAX);
  });
});
