/**
 * Short weather: some dozens of seeds. A failing one is repeated with TEST_SEED=<seed> and
 * `npx mocha test/sim/storm.test.ts`; more seeds run in storm.long.ts.
 */
import { expect } from 'chai';
import type { SimNode } from '../../src/lib/sim/node.js';
import { crash } from '../../src/lib/sim/faults.js';
import { whyNotWhole } from '../../src/lib/sim/invariants.js';
import { World, type WorldOptions } from '../../src/lib/sim/world.js';
import type { Effect } from '../../src/lib/node/machine/effects.js';
import { isPrimary } from '../../src/lib/node/machine/state.js';
import { HEADER } from '../../src/lib/wire/bus/layout.js';
import { BUS_TYPES } from '../../src/lib/wire/bus/message.js';
import { weather } from './storm.js';

const GIVEN = process.env['TEST_SEED'];
const FIRST = GIVEN === undefined ? Date.now() % 1_000_000 : Number(GIVEN);
const seeds = (count: number): readonly number[] =>
  Array.from({ length: GIVEN === undefined ? count : 1 }, (_, index) => FIRST + index);

describe('simulated clusters', function () {
  this.timeout(60_000);

  it(`keep their invariants through storms and heal afterwards (seeds from ${FIRST})`, () => {
    for (const seed of seeds(8)) weather({ seed });
  });

  it('the same seed gives the same world', () => {
    const trace = (): string[] => {
      const seen: string[] = [];
      const watch = (node: SimNode, effect: Effect): void => {
        const detail = effect.kind === 'log' ? effect.text : '';
        seen.push(`${node.index} ${node.state.nowMs} ${effect.kind} ${detail}`);
      };
      weather({ seed: FIRST, replicasPerPrimary: 1, watch });
      return seen;
    };
    const first = trace();
    expect(first.length).to.be.greaterThan(1000);
    expect(trace()).to.deep.equal(first);
  });

  it(`a voter that crashes with its vote just spoken does not vote again (seeds from ${FIRST})`, () => {
    for (const seed of seeds(6)) temptVoters(seed);
  });

  it('a defect is found: votes spoken before they are on disk', () => {
    const forgetful: WorldOptions['filter'] = (_, effects) =>
      effects.some((effect) => isSend(effect, 'auth-ack'))
        ? effects.filter(({ kind }) => kind !== 'persist')
        : effects;
    expect(() => {
      for (let seed = 0; seed < 100; seed++) temptVoters(seed, forgetful);
    }).to.throw(/votes twice in epoch/);
  });

  it('a primary that returns after its heir has died learns of it from the others', () => {
    expect(returnToDeadHeir(FIRST)).to.equal(undefined);
  });

  it('a defect is found: nobody corrects stale claims (no UPDATE)', () => {
    const silent: WorldOptions['filter'] = (_, effects) =>
      effects.filter((effect) => !isSend(effect, 'update'));
    expect(returnToDeadHeir(FIRST, silent)).to.not.equal(undefined);
  });
});

function isSend(effect: Effect, type: keyof typeof BUS_TYPES): boolean {
  return effect.kind === 'send' && effect.packet.readUInt16BE(HEADER.type) === BUS_TYPES[type];
}

/**
 * Two replicas of a dead primary that do not hear of each other ask for votes in the same epoch, and every
 * voter crashes the moment its vote has left, to be back before the second request arrives.
 */
function temptVoters(seed: number, filter?: WorldOptions['filter']): void {
  const world = new World({
    seed,
    primaries: 3,
    replicasPerPrimary: 2,
    ...(filter ? { filter } : {}),
    watch: (node, effect) => {
      if (isSend(effect, 'auth-ack')) crash(world, node, 1 + world.prng.below(10));
    },
  });
  world.form();
  const [dead] = world.nodes;
  const replicas = world.nodes.filter(({ state }) => state.myself.primary?.id === dead!.id);
  // Only the voters hear a candidate, or the other one would learn of its epoch and take the next.
  const deaf = world.nodes.slice(world.options.primaries);
  for (const a of replicas) for (const b of deaf) if (a !== b) world.network.cut(a, b);
  world.network.latencyMsMax = 100;
  crash(world, dead!, 15_000);
  world.run(15_000);
  world.network.heal();
  const why = world.runUntilWhole(60_000);
  if (why !== undefined) throw new Error(`TEST_SEED=${seed}: ${why}`);
}

/** @returns why the cluster is not whole in the end */
function returnToDeadHeir(seed: number, filter?: WorldOptions['filter']): string | undefined {
  const world = new World({
    seed,
    primaries: 3,
    replicasPerPrimary: 1,
    ...(filter ? { filter } : {}),
  });
  world.form();
  const [primary] = world.nodes;
  const heir = world.nodes.find(({ state }) => state.myself.primary?.id === primary!.id)!;
  primary!.crash();
  for (let waited = 0; !isPrimary(heir.state.myself) && waited < 100; waited++) world.run(100);
  expect(isPrimary(heir.state.myself), 'the heir was elected').to.equal(true);
  world.run(1000);
  heir.crash();
  primary!.start();
  world.run(30_000);
  return whyNotWhole(world.nodes);
}
