/** Slots in disorder: half moved, claimed by the wrong ones, or by nobody. `fix` and `orphans` on real servers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { slotOfKey } from '../../src/lib/kernel/slot.js';
import { tribJson } from '../cli/run-trib.js';
import {
  countOf,
  keysOf,
  migrate,
  pipe,
  setSlot,
  setSlots,
  write,
  writeAsking,
} from '../integration/fix-cluster.js';
import { ServerPool, addressOf, idOf } from '../integration/real-cluster.js';
import {
  type RealServer,
  hasRedisServer,
  redisCli,
  startRealServer,
} from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import {
  heldForDead,
  lineAt,
  makeCluster,
  replicasOf,
  type StoryCluster,
} from './story-cluster.js';

describe('stories of slots', function () {
  this.timeout(120_000);
  const pool = new ServerPool();
  let restarted: RealServer | undefined;
  let cluster: StoryCluster;
  before(async function () {
    if (!hasRedisServer()) return this.skip();
    cluster = await makeCluster(pool, 6);
  });
  after(async () => {
    await restarted?.stop();
    await pool.stop();
  });

  const primaries = () => cluster.servers.slice(0, 3) as [RealServer, RealServer, RealServer];

  async function fixes(...args: readonly string[]) {
    const { status, document } = await tribJson(['fix', cluster.entry, '--yes', ...args]);
    expect(status, JSON.stringify(document, null, 1)).to.equal(0);
    const check = await tribJson(['check', cluster.entry]);
    expect(check.status, JSON.stringify(check.document.findings)).to.equal(0);
    return document;
  }

  /** Whose a slot is, as every node sees it. */
  function ownersOf(slot: number, among: readonly RealServer[] = cluster.servers) {
    const owners = among.map((server) => ownerAt(server, slot));
    return [...new Set(owners)];
  }

  function ownerAt(server: RealServer, slot: number): string | undefined {
    return pipe(server, ['CLUSTER NODES'])
      .map((line) => line.split(' '))
      .find((words) =>
        words.slice(8).some((word) => {
          const [first, last = first] = word.split('-').map(Number);
          return !word.startsWith('[') && first! <= slot && slot <= last!;
        }),
      )?.[0];
  }

  it('story 9: every half-done state of a move is finished or closed, and no key is lost', async () => {
    const [a, b] = primaries();
    const [idA, idB] = [idOf(a), idOf(b)];
    const states = {
      migratingOnly: { slot: 100, owner: idA },
      importingOnly: { slot: 101, owner: idA },
      both: { slot: 102, owner: idA },
      moved: { slot: 103, owner: idB },
      sourceTold: { slot: 104, owner: idB },
      targetTold: { slot: 105, owner: idB },
    };
    for (const { slot } of Object.values(states)) write(a, keysOf(slot, 5));
    const { migratingOnly, importingOnly, both, moved, sourceTold, targetTold } = states;
    setSlots(b, [101, 102, 103, 104, 105], 'IMPORTING', idA);
    setSlots(a, [100, 102, 103, 104, 105], 'MIGRATING', idB);
    for (const { slot } of [moved, sourceTold, targetTold]) migrate(a, b, keysOf(slot, 5));
    setSlot(a, sourceTold.slot, 'NODE', idB);
    setSlot(b, targetTold.slot, 'NODE', idB);
    await fixes();
    for (const { slot, owner } of Object.values(states)) {
      expect(ownersOf(slot), `slot ${slot}`).to.deep.equal([owner]);
      expect(countOf(owner === idA ? a : b, slot), `keys of ${slot}`).to.equal(5);
    }
    expect([migratingOnly, importingOnly, both].map(({ slot }) => slot)).to.deep.equal([
      100, 101, 102,
    ]);
  });

  it('story 10: a slot that several import and nobody owns goes to who has most of it, with the rest', async () => {
    const [a, b, c] = primaries();
    const keys = keysOf(110, 12);
    setSlot(b, 110, 'IMPORTING', idOf(a));
    setSlot(c, 110, 'IMPORTING', idOf(a));
    writeAsking(b, keys.slice(0, 3));
    writeAsking(c, keys.slice(3));
    pipe(a, ['CLUSTER DELSLOTS 110']);
    await fixes();
    expect(ownersOf(110)).to.deep.equal([idOf(c)]);
    expect([countOf(a, 110), countOf(b, 110), countOf(c, 110)]).to.deep.equal([0, 0, 12]);
    const epochOf = (server: RealServer) => Number(lineAt(server, idOf(server))!.split(' ')[6]);
    expect(epochOf(c), 'its claim is above all others').to.be.greaterThan(
      Math.max(epochOf(a), epochOf(b)),
    );
  });

  it('story 11: a mark that only a replica has is found, and taken away', async () => {
    const [a, b] = primaries();
    const [replica] = replicasOf(a, cluster.servers);
    const id = idOf(replica!);
    redisCli(replica!.port, 'CLUSTER', 'SAVECONFIG');
    const gone = new Promise((resolve) => replica!.process.once('exit', resolve));
    replica!.signal('SIGKILL');
    await gone;
    const file = join(replica!.dir, 'nodes.conf');
    const marked = readFileSync(file, 'utf8').replace(/^.*myself.*$/m, `$& [120->-${idOf(b)}]`);
    writeFileSync(file, marked);
    restarted = await startRealServer({
      ...{ port: replica!.port, dir: replica!.dir, nodeTimeoutMs: 2_000 },
    });
    const follows = () => lineAt(a, id)?.includes(`slave ${idOf(a)}`) === true;
    await waitUntil('it follows again', follows);
    const { document } = await tribJson(['check', cluster.entry]);
    expect(document.findings.map((finding: { id: string }) => finding.id)).to.include('slot-open');
    await fixes();
    expect(pipe(restarted, ['CLUSTER NODES']).join('\n')).to.not.include('->-');
    expect(lineAt(a, id)).to.include(`slave ${idOf(a)}`);
  });

  it('story 12: keys in slots of others are found, though no client sees them, and come home', async () => {
    const [a, , c] = primaries();
    const keys = keysOf(130, 8);
    write(a, keys.slice(0, 4));
    setSlot(c, 130, 'IMPORTING', idOf(a));
    writeAsking(c, keys.slice(4));
    setSlot(c, 130, 'STABLE');
    const found = await tribJson(['orphans', cluster.entry]);
    expect([found.status, found.document.keyCount]).to.deep.equal([1, 4]);
    const { status, document } = await tribJson(['orphans', cluster.entry, '--migrate']);
    expect([status, document.outcome]).to.deep.equal([0, 'migrated']);
    expect([countOf(a, 130), countOf(c, 130)]).to.deep.equal([8, 0]);
    expect(slotOfKey(keys[0]!)).to.equal(130);
  });

  it('story 46: a slot that was given to a primary right before it died goes to the replica that has its keys', async () => {
    const [a, b] = primaries();
    const [replica] = replicasOf(b, cluster.servers);
    const id = idOf(b);
    write(a, keysOf(140, 6));
    setSlot(b, 140, 'IMPORTING', idOf(a));
    setSlot(a, 140, 'MIGRATING', id);
    migrate(a, b, keysOf(140, 6));
    await waitUntil('the replica has the keys', () => countOf(replica!, 140) === 6);
    // It never hears of the change: neither from its primary, nor by gossip of others.
    replica!.signal('SIGSTOP');
    setSlot(b, 140, 'NODE', id);
    setSlot(a, 140, 'NODE', id);
    b.signal('SIGKILL');
    await heldForDead(id, [a]);
    replica!.signal('SIGCONT');
    const rest = [a, primaries()[2]];
    await waitUntil('it takes over', () => lineAt(a, idOf(replica!))?.includes('master') === true);
    await waitUntil('it has slots', () => ownersOf(9_000, rest)[0] === idOf(replica!));
    if (ownersOf(140, rest)[0] !== idOf(replica!)) {
      // Nobody knows that the dead node's keys are all there: that is for the operator to say.
      const careful = await tribJson(['fix', cluster.entry, '--yes']);
      expect(careful.status).to.equal(1);
      expect(JSON.stringify(careful.document.cases)).to.include('--fix-with-unreachable-masters');
      const bold = await tribJson([
        ...['fix', cluster.entry, '--yes', '--fix-with-unreachable-masters'],
      ]);
      expect(bold.status, JSON.stringify(bold.document)).to.equal(0);
    }
    expect(ownersOf(140, [...rest, replica!])).to.deep.equal([idOf(replica!)]);
    expect(countOf(replica!, 140)).to.equal(6);
    expect(redisCli(replica!.port, 'GET', keysOf(140, 6)[0]!)).to.equal('value');
  });

  it('story 48: slots lost with a primary and its replica are spread evenly, when it is said that they are gone', async () => {
    const [a, b, c] = primaries();
    const lost = [
      c,
      ...replicasOf(
        c,
        cluster.servers.filter((server) => server !== b),
      ),
    ];
    const id = idOf(c);
    const before = slotCounts(a);
    for (const server of lost) server.signal('SIGKILL');
    await heldForDead(id, [a]);
    const careful = await tribJson(['fix', cluster.entry, '--yes']);
    expect(careful.status).to.equal(1);
    expect(careful.document.plan.stages).to.deep.equal([]);
    const { status, document } = await tribJson([
      ...['fix', cluster.entry, '--yes', '--fix-with-unreachable-masters'],
    ]);
    expect(status, JSON.stringify(document)).to.equal(0);
    const after = slotCounts(a);
    expect(after.get(id) ?? 0).to.equal(0);
    const counts = [...after.values()].filter((count) => count > 0);
    expect(counts.reduce((sum, count) => sum + count, 0)).to.equal(16_384);
    expect(counts).to.have.length(2);
    expect(Math.abs(counts[0]! - counts[1]!)).to.be.at.most(1);
    expect(before.get(id)).to.be.greaterThan(5_000);
    expect(addressOf(a)).to.equal(cluster.entry);
  });

  function slotCounts(server: RealServer): ReadonlyMap<string, number> {
    return new Map(
      pipe(server, ['CLUSTER NODES']).map((line) => {
        const [id, , , , , , , , ...words] = line.split(' ');
        const ranges = words.filter((word) => !word.startsWith('['));
        const count = ranges.reduce((sum, word) => {
          const [first, last = first] = word.split('-').map(Number);
          return sum + last! - first! + 1;
        }, 0);
        return [id!, count];
      }),
    );
  }
});
