/** `fix` on real servers, in every state a move can be left in. Keys are counted before and after. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { RedisLinks } from '../../src/lib/client/redis-links.js';
import { runStep } from '../../src/lib/execute/steps.js';
import type { NodeId } from '../../src/lib/kernel/node-id.js';
import { contextOf } from '../execute/fake-links.js';
import { runTrib, startTrib, tribJson } from '../cli/run-trib.js';
import { waitUntil } from '../support/wait.js';
import { hasRedisServer, redisCli } from '../support/real-server.js';
import {
  type FixCluster,
  countAll,
  countOf,
  countsOf,
  errorsIn,
  fixed,
  keysOf,
  makeFixCluster,
  migrate,
  ownerOf,
  ownersOf,
  setSlot,
  setSlots,
  write,
  writeAsking,
} from './fix-cluster.js';
import { ServerPool } from './real-cluster.js';

describe('fix', function () {
  this.timeout(120_000);
  const pool = new ServerPool();
  let cluster: FixCluster;
  before(async function () {
    if (!hasRedisServer()) this.skip();
    cluster = await makeFixCluster(pool);
  });
  after(() => pool.stop());

  /** A slot of the first node with ten keys in it; every test has its own. */
  let next = 100;
  const begin = () => {
    const slot = next++;
    const keys = keysOf(slot, 10);
    const [a, b, c] = cluster.servers;
    write(a!, keys);
    return { slot, keys, a: a!, b: b!, c: c!, ids: cluster.ids };
  };
  /** As a move that was cut before its first key went. */
  const openMove = ({ slot, a, b, ids }: ReturnType<typeof begin>) => {
    setSlot(b, slot, 'IMPORTING', ids[0]!);
    setSlot(a, slot, 'MIGRATING', ids[1]!);
  };

  it('leaves states with one half open where they were: migrating only, importing only', async () => {
    const one = begin();
    const other = begin();
    setSlot(one.a, one.slot, 'MIGRATING', one.ids[1]!);
    setSlot(other.b, other.slot, 'IMPORTING', other.ids[0]!);
    const { document } = await fixed(cluster);
    expect(document.outcome).to.equal('fixed');
    for (const { slot, a } of [one, other]) {
      expect([ownerOf(cluster, slot), countOf(a, slot)]).to.deep.equal([0, 10]);
    }
    expect((await fixed(cluster)).document.outcome).to.equal('nothing-to-do');
  });

  it('with both ends open, gives a move up when nothing has arrived, and finishes it when some or all has', async () => {
    const [none, ...begun] = [0, 4, 10].map((moved) => {
      const move = begin();
      openMove(move);
      if (moved > 0) migrate(move.a, move.b, move.keys.slice(0, moved));
      return move;
    });
    await fixed(cluster);
    expect([ownerOf(cluster, none!.slot), countOf(none!.a, none!.slot)]).to.deep.equal([0, 10]);
    for (const { slot, b, keys } of begun) {
      expect([ownerOf(cluster, slot), countOf(b, slot)]).to.deep.equal([1, 10]);
      expect(redisCli(b.port, 'GET', keys[9]!)).to.equal('value');
    }
  });

  it('finishes a move of which only the source, or only the target, was told', async () => {
    const [source, target] = [begin(), begin()];
    for (const move of [source, target]) {
      openMove(move);
      migrate(move.a, move.b, move.keys);
    }
    setSlot(source.a, source.slot, 'NODE', source.ids[1]!);
    setSlot(target.b, target.slot, 'NODE', target.ids[1]!);
    await fixed(cluster);
    for (const { slot, b } of [source, target]) {
      expect([ownerOf(cluster, slot), countOf(b, slot)]).to.deep.equal([1, 10]);
    }
  });

  it('collects what several importers have', async () => {
    const { slot, a, b, c, ids } = begin();
    setSlot(b, slot, 'IMPORTING', ids[0]!);
    setSlot(c, slot, 'IMPORTING', ids[0]!);
    setSlot(a, slot, 'MIGRATING', ids[1]!);
    const [more, stray] = [keysOf(slot, 30).slice(10, 20), keysOf(slot, 30).slice(20)];
    writeAsking(b, more);
    writeAsking(c, stray);
    await fixed(cluster);
    expect([ownerOf(cluster, slot), countOf(b, slot), countAll(cluster, slot)]).to.deep.equal([
      ...[1, 30, 30],
    ]);
  });

  it('closes marks of several nodes that migrate, or migrated, one slot', async () => {
    const slot = 6_000;
    const [, b, c] = cluster.servers;
    setSlot(b!, slot, 'MIGRATING', cluster.ids[2]!);
    setSlot(c!, slot, 'IMPORTING', cluster.ids[1]!);
    setSlot(c!, slot, 'NODE', cluster.ids[2]!);
    await waitUntil('the slot has a new owner', () =>
      ownersOf(cluster, slot).every((at) => at === 2),
    );
    setSlot(c!, slot, 'MIGRATING', cluster.ids[0]!);
    await fixed(cluster);
    expect(ownerOf(cluster, slot)).to.equal(2);
  });

  it('gives slots that nobody owns to who has their keys, and the rest in runs', async () => {
    const { slot, a, b, c, ids } = begin();
    const empty = Array.from({ length: 40 }, () => next++);
    setSlot(c, slot, 'IMPORTING', ids[0]!);
    writeAsking(c, keysOf(slot, 40).slice(10, 25));
    setSlot(c, slot, 'STABLE');
    for (const { port } of [a, b, c]) {
      redisCli(port, 'CLUSTER', 'DELSLOTS', String(slot), ...empty.map(String));
    }
    const refused = await runTrib(['fix', cluster.entry]);
    expect(refused.status, refused.stdout).to.equal(3);
    expect(refused.stderr).to.include('--yes');
    expect(refused.stdout).to.include('15 keys at');
    await fixed(cluster);
    expect([ownerOf(cluster, slot), countOf(c, slot)]).to.deep.equal([2, 25]);
    expect(new Set(empty.map((one) => ownerOf(cluster, one)))).to.deep.equal(new Set([0]));
  });

  it('says what it would do, and does nothing, in a dry run', async () => {
    const { slot, a, ids } = begin();
    setSlot(a, slot, 'MIGRATING', ids[1]!);
    const { status, document } = await tribJson(['fix', cluster.entry, '--dry-run']);
    expect([status, document.outcome]).to.deep.equal([0, 'dry-run']);
    expect(document.cases[0].slots).to.equal(String(slot));
    expect(await errorsIn(cluster)).to.have.length(1);
    await fixed(cluster, ['--only', 'slot-open']);
  });

  it('keeps both copies of a key that differs, repairs the rest, and obeys --replace', async () => {
    const [torn, whole, same] = [begin(), begin(), begin()];
    for (const move of [torn, whole, same]) openMove(move);
    migrate(whole.a, whole.b, whole.keys.slice(0, 3));
    writeAsking(torn.b, torn.keys.slice(0, 1), 'other');
    writeAsking(same.b, same.keys.slice(0, 5), 'value');
    const { status, document } = await tribJson(['fix', cluster.entry, '--yes']);
    expect(status).to.equal(1);
    expect(document.outcome).to.equal('not-all-fixed');
    expect(document.failures).to.have.length(1);
    expect(document.failures[0].slots).to.equal(String(torn.slot));
    expect(JSON.stringify(document.failures[0].hints))
      .to.include(torn.keys[0]!)
      .and.include('--replace');
    expect(countAll(cluster, torn.slot), 'both copies').to.equal(11);
    for (const { slot } of [whole, same]) {
      expect([ownerOf(cluster, slot), countAll(cluster, slot)]).to.deep.equal([1, 10]);
    }
    await fixed(cluster, ['--replace']);
    expect(countAll(cluster, torn.slot)).to.equal(10);
    expect(redisCli(torn.b.port, 'GET', torn.keys[0]!)).to.equal('value');
  });

  it('goes on with what turns up while it repairs', async () => {
    const one = begin();
    const [first, second] = [begin(), begin()];
    write(one.a, keysOf(one.slot, 3_000));
    openMove(one);
    migrate(one.a, one.b, one.keys.slice(0, 1));
    const run = startTrib(['fix', cluster.entry, '--yes', '--pipeline', '1', '--events']);
    await waitUntil('the first round is on its way', () => run.stdout().includes('stage-started'));
    setSlot(first.a, first.slot, 'MIGRATING', first.ids[1]!);
    setSlot(second.c, second.slot, 'IMPORTING', second.ids[0]!);
    const { status, stdout } = await run.ended;
    expect(status).to.equal(0);
    const document = JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
    expect(document).to.include({ kind: 'fix', outcome: 'fixed' });
    const slotsOf = (round: any): readonly string[] => round.cases.map(({ slots }: any) => slots);
    expect(document.rounds.map(slotsOf)).to.deep.equal([
      [String(one.slot)],
      [String(first.slot), String(second.slot)],
    ]);
    expect([ownerOf(cluster, one.slot), countOf(one.b, one.slot)]).to.deep.equal([1, 3_000]);
    expect(await errorsIn(cluster)).to.deep.equal([]);
  });

  it('is carried out from a file as well as at once, slots that fail apart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trib-fix-'));
    try {
      const [torn, whole] = [begin(), begin()];
      for (const move of [torn, whole]) openMove(move);
      migrate(whole.a, whole.b, whole.keys.slice(0, 3));
      writeAsking(torn.b, torn.keys.slice(0, 1), 'other');
      const file = join(folder, 'plan.json');
      expect((await runTrib(['fix', cluster.entry, '--plan-out', file])).status).to.equal(0);
      const { status, document } = await tribJson(['apply', file, '--yes']);
      expect([status, document.outcome]).to.deep.equal([1, 'not-all-done']);
      expect(document.failures[0].slots).to.equal(String(torn.slot));
      expect([ownerOf(cluster, whole.slot), countOf(whole.b, whole.slot)]).to.deep.equal([1, 10]);
      await fixed(cluster, ['--replace']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('brings keys home from slots that look in order, only when it is asked to search', async () => {
    const { slot, a, c, ids } = begin();
    setSlot(c, slot, 'IMPORTING', ids[0]!);
    writeAsking(c, keysOf(slot, 13).slice(10));
    setSlot(c, slot, 'STABLE');
    expect((await tribJson(['fix', cluster.entry])).document.outcome).to.equal('nothing-to-do');
    expect(countOf(c, slot)).to.equal(3);
    await fixed(cluster, ['--search-multiple-owners']);
    expect([countOf(a, slot), countOf(c, slot)]).to.deep.equal([13, 0]);
  });

  it('lets the loser of a slot keep its keys until they are with the winner', async () => {
    const { slot, keys, a, b, c, ids } = begin();
    const [loser, winner, other] = [a, b, c].map((server, at) => ({
      id: ids[at]! as NodeId,
      address: { host: server.host, port: server.port },
    }));
    const slots = [{ first: slot, last: slot }];
    const links = new RedisLinks({});
    const context = contextOf(links, { deadlineMs: 10_000 });
    const [node, owner, why] = [winner!, winner!, 'a test says so'];
    try {
      // Gossip of the winner would make the loser delete what it has of the slot.
      await runStep({ kind: 'yield-slots', node: loser!, owner, slots, why }, context);
      await runStep({ kind: 'claim-slots', node, slots, why }, context);
      await runStep({ kind: 'tell-owner', node: other!, owner, slots, why }, context);
      await waitUntil('all know', () => ownersOf(cluster, slot).every((at) => at === 1));
      expect(countOf(a, slot)).to.equal(10);
      const carry = {
        kind: 'bring-keys',
        node,
        source: loser!,
        slots,
        keepsOpen: true,
        why,
      } as const;
      await runStep(carry, context);
    } finally {
      links.closeAll();
    }
    expect([countOf(a, slot), countOf(b, slot)]).to.deep.equal([0, 10]);
    expect(redisCli(b.port, 'GET', keys[0]!)).to.equal('value');
    expect(await errorsIn(cluster)).to.deep.equal([]);
  });

  it('mends many slots at once', async () => {
    const slots = Array.from({ length: 300 }, () => next++);
    const [a, b] = [cluster.servers[0]!, cluster.servers[1]!];
    const [staying, begun] = [slots.slice(0, 20), slots.slice(20, 40)];
    write(
      a,
      [...staying, ...begun].flatMap((slot) => keysOf(slot, 2)),
    );
    setSlots(b, slots, 'IMPORTING', cluster.ids[0]!);
    setSlots(a, slots, 'MIGRATING', cluster.ids[1]!);
    for (const slot of begun) migrate(a, b, keysOf(slot, 1));
    await fixed(cluster);
    const both = (those: readonly number[]) => [countsOf(a, those), countsOf(b, those)];
    const [two, none] = [begun.map(() => 2), begun.map(() => 0)];
    expect(both(staying)).to.deep.equal([two, none]);
    expect(both(begun)).to.deep.equal([none, two]);
  });
});
