/** Slots that change hands on real servers: reshard, move-slots, rebalance and drain. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { slotOfKey } from '../../src/lib/kernel/slot.js';
import { runTrib, startTrib, tribJson, type RunOptions } from '../cli/run-trib.js';
import { type StoryCluster, lineAt, makeCluster } from '../stories/story-cluster.js';
import { type RealServer, hasRedisServer, redisCli } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { ClusterLoad } from './slots-load.js';
import { ServerPool, addressOf, clusterInfo, idOf } from './real-cluster.js';

const KEYS_PER_TYPE = 100;

/** How many slots the node owns, in its own words. */
function slotCount(server: RealServer): number {
  const words = lineAt(server, idOf(server))!.trim().split(' ').slice(8);
  return words.reduce((sum, word) => {
    const [first, last = first] = word.split('-').map(Number);
    return sum + last! - first! + 1;
  }, 0);
}

describe('slots of a cluster of real servers', function () {
  this.timeout(90_000);
  const pool = new ServerPool();
  let cluster: StoryCluster;
  let folder: string | undefined;
  let load: ClusterLoad | undefined;

  before(async function () {
    if (!hasRedisServer()) this.skip();
    folder = mkdtempSync(join(tmpdir(), 'trib-slots-'));
    cluster = await makeCluster(pool, 3);
    load = new ClusterLoad(cluster.servers[0]!.port, KEYS_PER_TYPE);
    await load.fill();
  });
  after(async () => {
    await load?.stop();
    load?.close();
    await pool.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const surroundings = (): RunOptions => ({ env: { XDG_STATE_HOME: folder! } });
  const trib = (words: readonly string[], options: RunOptions = {}) =>
    runTrib(words, { ...surroundings(), ...options });
  const json = (words: readonly string[]) => tribJson(words, surroundings());
  const counts = (): number[] => cluster.servers.map(slotCount);

  it('moves exactly as many slots as asked for while clients write, in the lines of redis-trib', async () => {
    load!.start();
    const { status, stdout, stderr } = await trib([
      ...['--cluster', 'reshard', cluster.entry, '--cluster-from', 'all', '--cluster-slots', '301'],
      ...['--cluster-to', idOf(cluster.servers[2]!), '--cluster-yes', '--cluster-pipeline', '10'],
    ]);
    await load!.stop();
    expect(status, stderr).to.equal(0);
    expect(stdout).to.include('\nReady to move 301 slots.\n  Source nodes:\n    M: ');
    expect(stdout).to.include('  Destination node:\n').and.to.include('  Resharding plan:\n');
    expect(stdout).to.include('[OK] 301 slots moved.');
    expect(counts()).to.deep.equal([5_461 - 150, 5_462 - 151, 5_461 + 301]);
    expect(await load!.lost()).to.deep.equal([]);
  });

  it('asks for what is not given, says why an answer is wrong, and takes all answers in one piece', async () => {
    const before = counts();
    const answers = [
      ...['many', '17000', '2', 'nobody', addressOf(cluster.servers[0]!)],
      ...[addressOf(cluster.servers[0]!), 'done', idOf(cluster.servers[2]!).slice(0, 12)],
      ...[idOf(cluster.servers[2]!), 'done', 'yes'],
    ];
    const { status, stdout, stderr } = await trib(['reshard', cluster.entry], {
      input: `${answers.join('\n')}\n`,
    });
    expect(status, stderr).to.equal(0);
    expect(stderr).to.include("*** 'many' is no number of slots.");
    expect(stderr).to.include('*** The specified node (nobody) is not known or not a master');
    expect(stderr).to.include('*** It is not possible to use the target node as source node.');
    expect(stderr)
      .to.include('*** No source nodes are given yet.')
      .and.to.include('is a source node already');
    expect(stderr).to.include(
      'Do you want to proceed with the proposed reshard plan (yes/no)? yes',
    );
    expect(stdout).to.include('[OK] 2 slots moved.');
    expect(counts()).to.deep.equal([before[0]! + 2, before[1], before[2]! - 2]);
  });

  it('changes nothing when declined, unanswered, or wrongly asked', async () => {
    const before = counts();
    const [first, second] = cluster.servers.map(addressOf);
    const reshard = ['reshard', cluster.entry, '--to', first!, '--from', second!, '--slots'];
    const outcomes = await Promise.all([
      trib([...reshard, '5'], { input: 'no\n' }),
      trib([...reshard, '5']),
      trib([...reshard, '-5']),
      trib([...reshard, '1.5', '--yes']),
      trib([...reshard, '9000', '--yes']),
    ]);
    expect(outcomes.map(({ status }) => status)).to.deep.equal([3, 3, 2, 2, 1]);
    const [, unanswered, , , tooMany] = outcomes.map(({ stderr }) => stderr);
    expect(unanswered).to.include('Nobody is there to answer').and.to.include('--yes');
    expect(tooMany).to.include('9000 slots cannot be moved: the source nodes own');
    expect(counts()).to.deep.equal(before);
  });

  it('names what is wrong with weights, targets and slots, and changes nothing', async () => {
    const before = counts();
    const { entry, servers } = cluster;
    const [first, second] = servers.map(addressOf);
    const wrong: readonly (readonly [readonly string[], number, string])[] = [
      [['rebalance', entry, '--weight', 'ffffffff=1'], 1, 'ffffffff'],
      [
        ['rebalance', entry, ...servers.flatMap((server) => ['--weight', `${idOf(server)}=0`])],
        2,
        'All weights are 0',
      ],
      [['rebalance', entry, '--by', 'net'], 1, first!],
      [
        ['move-slots', entry, '0', '--to', second!, '--from', addressOf(servers[2]!)],
        1,
        'does not own 0',
      ],
      [['drain', entry, first!, '--remove'], 3, '--yes'],
      [
        ['reshard', entry, '--from', `all,${first!}`, '--to', second!, '--slots', '1', '--yes'],
        2,
        "'all' means every other primary already",
      ],
      [['plan', 'show'], 2, 'trib help plan show'],
    ];
    for (const [words, expected, says] of wrong) {
      const { status, stderr } = await trib(words);
      expect(status, `${words.join(' ')}: ${stderr}`).to.equal(expected);
      expect(stderr).to.include(says);
    }
    expect(counts()).to.deep.equal(before);
  });

  it('moves the slots that are named, and does not twice what is done', async () => {
    const target = cluster.servers[2]!;
    const words = ['move-slots', cluster.entry, '0-9,5000', '16000', '--to', idOf(target)];
    const dry = await json([...words, '--dry-run']);
    expect(dry.document).to.include({ kind: 'move-slots', outcome: 'dry-run', slotCount: 11 });
    const moved = await json(words);
    expect(moved.status, JSON.stringify(moved.document)).to.equal(0);
    expect(moved.document).to.include({ outcome: 'moved', slotCount: 11, healthy: true });
    expect(moved.document.moves).to.deep.include({
      source: idOf(cluster.servers[0]!),
      target: idOf(target),
      slots: '0-9,5000',
      slotCount: 11,
    });
    const again = await json(words);
    expect(again.document).to.include({ outcome: 'nothing-to-do', slotCount: 0 });
    expect(again.document.plan.remarks[0]).to.include('owns 12 slots 0-9,5000,16000 already');
  });

  it('writes a plan to a file, which is carried out once, and refused when the cluster has changed', async () => {
    const path = join(folder!, 'plan.json');
    const words = ['move-slots', cluster.entry, '100', '--to', addressOf(cluster.servers[1]!)];
    const planned = await json([...words, '--plan-out', path]);
    expect(planned.document.outcome).to.equal('planned');
    const applied = await trib(['apply', path, '--yes']);
    expect(applied.status, applied.stderr).to.equal(0);
    expect((await trib(['apply', path, '--yes'])).status).to.equal(4);
  });

  it('refuses a plan that somebody else has overtaken while the question stood', async () => {
    const [first, second] = cluster.servers.map(addressOf);
    const words = ['reshard', cluster.entry, '--to', second!, '--from', first!, '--slots', '3'];
    const asking = startTrib(words, { ...surroundings(), keepOpen: true });
    await waitUntil('it asks', () => asking.stderr().includes('proposed reshard plan'));
    const other = await trib(['move-slots', cluster.entry, '200', '--to', second!]);
    expect(other.status, other.stderr).to.equal(0);
    const before = counts();
    asking.process.stdin!.end('yes\n');
    const { status, stderr } = await asking.ended;
    expect(status, stderr).to.equal(4);
    expect(counts()).to.deep.equal(before);
  });

  it('leaves the slot of a big key where it is when told to, and asks where it shall', async () => {
    const [first, second] = cluster.servers.map(addressOf);
    const owner = cluster.servers[1]!;
    const slot = String(slotOfKey('{big}'));
    const moved = await trib(['move-slots', cluster.entry, slot, '--to', second!]);
    expect(moved.status, moved.stderr).to.equal(0);
    redisCli(owner.port, 'SETRANGE', '{big}', '300000', 'x');
    const limit = ['--max-key-bytes', '200KB'];
    const words = ['move-slots', cluster.entry, slot, '--to', first!, ...limit];
    const failed = await json(words);
    expect(failed.document.error.code).to.equal('REFUSED');
    const skipped = await json([...words, '--on-big-key', 'skip']);
    expect(skipped.status, JSON.stringify(skipped.document)).to.equal(0);
    expect(skipped.document).to.include({ outcome: 'moved', slotCount: 0 });
    const asked = await trib([...words, '--on-big-key', 'ask'], { input: 'perhaps\nmove\n' });
    expect(asked.status, asked.stderr).to.equal(0);
    expect(asked.stderr).to.include("'perhaps' is none of move, skip and fail");
    expect(redisCli(cluster.servers[0]!.port, 'STRLEN', '{big}')).to.equal('300001');
    redisCli(cluster.servers[0]!.port, 'DEL', '{big}');
  });

  it('story 15: a node that has just joined gets its slots as soon as it serves, and all get their share', async () => {
    const [newcomer] = await pool.start(1, { nodeTimeoutMs: 2_000 });
    // Introduced by hand, so that nobody has waited for it yet.
    redisCli(cluster.servers[0]!.port, 'CLUSTER', 'MEET', newcomer!.host, String(newcomer!.port));
    await waitUntil(
      'the entry knows it',
      () => lineAt(cluster.servers[0]!, idOf(newcomer!))?.includes(' master ') === true,
    );
    load!.start();
    const { status, stdout, stderr } = await trib([
      ...['--cluster', 'rebalance', cluster.entry, '--cluster-use-empty-masters'],
      ...['--cluster-weight', `${idOf(cluster.servers[0]!)}=1`, `${addressOf(newcomer!)}=1`],
    ]);
    await load!.stop();
    expect(status, stderr).to.equal(0);
    expect(stdout).to.include('>>> Rebalancing across 4 nodes. Total weight = 4.00');
    expect(stdout).to.match(/\nMoving \d+ slots? from 127.0.0.1:\d+ to 127.0.0.1:\d+\n/);
    expect([...counts(), slotCount(newcomer!)]).to.deep.equal([4_096, 4_096, 4_096, 4_096]);
    expect(await load!.lost()).to.deep.equal([]);
    const again = await trib(['rebalance', cluster.entry, '--threshold', '0', '--simulate']);
    expect(again.stdout).to.include(
      '*** No rebalancing needed! All nodes are within the 0.00% threshold.',
    );
    cluster = { ...cluster, servers: [...cluster.servers, newcomer!] };
  });

  it('levels by keys and by memory, and shows it before and after', async () => {
    const { document: before } = await json([
      'rebalance',
      cluster.entry,
      '--by',
      'keys',
      '--dry-run',
      '--threshold',
      '0.5',
    ]);
    expect(
      before.shares.reduce((sum: number, share: any) => sum + Number(share.before.load), 0),
    ).to.equal(5 * KEYS_PER_TYPE);
    const outcome = await trib(['rebalance', cluster.entry, '--by', 'keys', '--threshold', '0.5']);
    expect(outcome.status, outcome.stderr).to.equal(0);
    const keys = cluster.servers.map(({ port }) => Number(redisCli(port, 'DBSIZE')));
    expect(keys).to.deep.equal([125, 125, 125, 125]);
    const memory = await trib([
      'rebalance',
      cluster.entry,
      '--by',
      'memory',
      '--simulate',
      '--threshold',
      '0',
    ]);
    expect(memory.stdout).to.match(/>>> Memory \(sampled\) of 4 primaries|No rebalancing needed/);
  });

  it('drains a primary: its keys, its slots and its replicas go to others, and it leaves', async () => {
    const victim = cluster.servers[3]!;
    const [replica] = await pool.start(1, { nodeTimeoutMs: 2_000 });
    const added = await trib([
      ...['add-node', addressOf(replica!), cluster.entry, '--slave', '--master-id', idOf(victim)],
    ]);
    expect(added.status, added.stderr).to.equal(0);
    load!.start();
    const { status, stdout, stderr } = await trib([
      ...['drain', addressOf(victim), idOf(victim).slice(0, 10), '--remove', '--yes'],
    ]);
    await load!.stop();
    expect(status, `${stdout}\n${stderr}`).to.equal(0);
    expect(stdout).to.include('owns no slots and is out of the cluster.');
    const staying = cluster.servers.slice(0, 3);
    const left = staying.map(slotCount);
    expect(left.reduce((sum, count) => sum + count, 0)).to.equal(16_384);
    expect(Math.max(...left) - Math.min(...left)).to.be.at.most(1);
    for (const server of [...staying, replica!]) {
      expect(lineAt(server, idOf(victim))).to.equal(undefined);
    }
    expect(clusterInfo(victim, 'cluster_known_nodes')).to.equal('1');
    expect(await load!.lost()).to.deep.equal([]);
    const follows = lineAt(replica!, idOf(replica!))!.split(' ')[3]!;
    expect(staying.map(idOf)).to.include(follows);
    await waitUntil('the replica is linked', () =>
      redisCli(replica!.port, 'INFO', 'replication').includes('master_link_status:up'),
    );
    const check = await json(['check', cluster.entry]);
    expect(check.status, JSON.stringify(check.document.findings)).to.equal(0);
    const refused = await json(['drain', cluster.entry, idOf(replica!)]);
    expect(refused.document.error.code).to.equal('NOT_A_PRIMARY');
  });

  it('refuses while a slot is open, and names the commands that go on', async () => {
    const [source, target] = [cluster.servers[0]!, cluster.servers[1]!];
    const slot = lineAt(source, idOf(source))!.trim().split(' ')[8]!.split('-')[0]!;
    redisCli(target.port, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', idOf(source));
    redisCli(source.port, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', idOf(target));
    for (const words of [['rebalance'], ['drain', idOf(target)], ['reshard', '--slots', '1']]) {
      const { status, stderr } = await trib([words[0]!, cluster.entry, ...words.slice(1)]);
      expect(status).to.equal(1);
      expect(stderr)
        .to.include('slot-open')
        .and.to.include('trib resume')
        .and.to.include('trib fix');
    }
    for (const { port } of [source, target]) redisCli(port, 'CLUSTER', 'SETSLOT', slot, 'STABLE');
  });
});
