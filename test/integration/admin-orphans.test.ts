/** `orphans` on real servers: keys in slots that their node does not own, listed, brought home, deleted. */
import { expect } from 'chai';
import { hasRedisServer, redisCli } from '../support/real-server.js';
import { runTrib, tribJson } from '../cli/run-trib.js';
import {
  type FixCluster,
  countOf,
  errorsIn,
  keysOf,
  makeFixCluster,
  pipe,
  setSlot,
  write,
  writeAsking,
} from './fix-cluster.js';
import { ServerPool, addressOf } from './real-cluster.js';

describe('orphans', function () {
  this.timeout(120_000);
  const pool = new ServerPool();
  let cluster: FixCluster;
  before(async function () {
    if (!hasRedisServer()) this.skip();
    cluster = await makeFixCluster(pool);
  });
  after(() => pool.stop());

  /** Ten keys of a slot of the first node at the first node, and `strays` at the last. */
  function orphaned(slot: number, strays: readonly string[], value = 'value'): void {
    const [home, away] = [cluster.servers[0]!, cluster.servers[2]!];
    write(home, keysOf(slot, 10));
    setSlot(away, slot, 'IMPORTING', cluster.ids[0]!);
    writeAsking(away, strays, value);
    setSlot(away, slot, 'STABLE');
  }

  it('lists them, binary keys as well, and tells of none', async () => {
    const { status, document } = await tribJson(['orphans', cluster.entry]);
    expect([status, document.outcome, document.keyCount]).to.deep.equal([0, 'none', 0]);
    const [tag] = keysOf(200, 1)[0]!.split(':');
    orphaned(200, [`"${tag!}\\xff\\x00"`, `${tag!}plain`]);
    const found = await tribJson(['orphans', cluster.entry]);
    expect([found.status, found.document.outcome]).to.deep.equal([1, 'found']);
    const [orphan] = found.document.orphans;
    expect(orphan).to.include({ slot: 200, keyCount: 2, owner: cluster.entry });
    expect(orphan.node).to.equal(addressOf(cluster.servers[2]!));
    const bytes = Buffer.from(`${tag!}\xff\x00`, 'latin1').toString('base64');
    expect(orphan.sample).to.deep.include.members([`${tag!}plain`, { base64: bytes }]);
    const { stdout } = await runTrib(['orphans', cluster.entry]);
    expect(stdout).to.include(`slot 200 of ${cluster.entry}: 2 keys:`);
    expect(stdout).to.include(`"${tag!}\\xff\\x00"`);
  });

  it('brings them home, keeps what differs on both sides, and leaves no slot open', async () => {
    const both = keysOf(201, 10)[0]!;
    orphaned(201, [both], 'other');
    const { status, document } = await tribJson(['orphans', cluster.entry, '--migrate']);
    expect([status, document.outcome]).to.deep.equal([1, 'not-all-done']);
    expect(document.remaining.map(({ slot }: { slot: number }) => slot)).to.deep.equal([201]);
    const [home, , away] = cluster.servers;
    expect([countOf(home!, 200), countOf(away!, 200)]).to.deep.equal([12, 0]);
    expect(redisCli(home!.port, 'GET', both)).to.equal('value');
    expect([countOf(home!, 201), countOf(away!, 201)]).to.deep.equal([10, 1]);
    expect(pipe(away!, ['CLUSTER NODES']).join(' ')).to.not.include('[201');
  });

  it('deletes them where they are and nowhere else, after asking', async () => {
    orphaned(202, keysOf(202, 12).slice(7));
    const refused = await runTrib(['orphans', cluster.entry, '--delete']);
    expect(refused.status, refused.stderr).to.equal(3);
    const dry = await runTrib(['orphans', cluster.entry, '--delete', '--dry-run']);
    expect(dry.status, dry.stderr).to.equal(0);
    const [home, , away] = cluster.servers;
    expect([countOf(away!, 201), countOf(away!, 202)]).to.deep.equal([1, 5]);
    const { status, document } = await tribJson(['orphans', cluster.entry, '--delete', '--yes']);
    expect([status, document.outcome, document.keyCount]).to.deep.equal([0, 'deleted', 6]);
    expect([countOf(away!, 201), countOf(away!, 202)]).to.deep.equal([0, 0]);
    expect([countOf(home!, 201), countOf(home!, 202)]).to.deep.equal([10, 10]);
    expect(await errorsIn(cluster)).to.deep.equal([]);
  });

  it('does not touch the keys of a slot that is being moved', async () => {
    orphaned(203, keysOf(203, 12).slice(7));
    setSlot(cluster.servers[2]!, 203, 'IMPORTING', cluster.ids[0]!);
    const { status, document } = await tribJson(['orphans', cluster.entry, '--delete', '--yes']);
    expect([status, document.outcome]).to.deep.equal([1, 'not-all-done']);
    expect(document.orphans[0].left).to.equal('a move of this slot is half done');
    expect(countOf(cluster.servers[2]!, 203)).to.equal(5);
  });
});
