/** Stories of moves that do not come to their end: killed, interrupted, without a journal, failed over. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { RedisLinks } from '../../src/lib/client/redis-links.js';
import { formatAddress } from '../../src/lib/cluster/address.js';
import { PROGRAM, runTrib, startTrib, tribJson, type Running } from '../cli/run-trib.js';
import { ServerPool, addressOf, idOf } from '../integration/real-cluster.js';
import { ClusterLoad } from '../integration/slots-load.js';
import { CutLinks } from '../interruption/cut-links.js';
import { Scene } from '../interruption/scene.js';
import { hasRedisServer, redisCli, type RealServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { lineAt, makeCluster, replicasOf, type StoryCluster } from './story-cluster.js';

const KEYS_PER_TYPE = 200;

describe('stories of interruption', function () {
  this.timeout(120_000);
  const pool = new ServerPool();
  const loads: ClusterLoad[] = [];
  let folder: string;
  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trib-story-'));
  });
  afterEach(async () => {
    for (const load of loads.splice(0)) {
      await load.stop();
      load.close();
    }
    await pool.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The surroundings of a machine: journals of one are unknown to the other. */
  const machine = (name: string) => ({ env: { XDG_STATE_HOME: join(folder, name) } });
  const here = () => machine('here');

  async function loaded({ servers }: StoryCluster): Promise<ClusterLoad> {
    const load = new ClusterLoad(servers[0]!.port, KEYS_PER_TYPE);
    loads.push(load);
    await load.fill();
    load.start();
    return load;
  }

  /** The words of a move of these slots from the first to the second node. */
  const moveOf = ({ servers, entry }: StoryCluster, last: number): readonly string[] => [
    ...['move-slots', entry, `0-${last}`, '--to', idOf(servers[1]!)],
  ];

  async function planFile(cluster: StoryCluster, last: number): Promise<string> {
    const path = join(folder, 'plan.json');
    const planned = await runTrib([...moveOf(cluster, last), '--plan-out', path], here());
    expect(planned.status, planned.stderr).to.equal(0);
    expect(planned.stdout).to.include(`trib apply ${path}`);
    return path;
  }

  function journals(name = 'here'): readonly string[] {
    const base = join(folder, name, 'trib', 'journals');
    if (!existsSync(base)) return [];
    return readdirSync(base, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.jsonl'))
      .map((path) => readFileSync(join(base, path), 'utf8'));
  }

  const entriesOf = (journal: string | undefined): readonly any[] =>
    (journal ?? '')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));

  async function inTheMiddle(run: Running): Promise<void> {
    await waitUntil('some slots have moved', () => {
      if (run.process.exitCode !== null) throw new Error(`it has ended: ${run.stderr()}`);
      return entriesOf(journals()[0]).some(({ kind }) => kind === 'moved');
    });
  }

  async function begun(
    cluster: StoryCluster,
    last = 5_400,
    ...how: readonly string[]
  ): Promise<Running> {
    const run = startTrib([...moveOf(cluster, last), '--yes', ...how], here());
    await inTheMiddle(run);
    return run;
  }

  const openSlots = (servers: readonly RealServer[]): readonly string[] =>
    servers.flatMap(({ port }) => redisCli(port, 'CLUSTER', 'NODES').match(/\[\d+-[<>]-/g) ?? []);

  /** Every acknowledged write is there, every key once, no slot open, everybody agrees. */
  async function isWhole(
    load: ClusterLoad,
    servers: readonly RealServer[],
    entry: string,
  ): Promise<void> {
    await load.stop();
    expect(await load.lost()).to.deep.equal([]);
    const primaries = servers.filter(({ port }) =>
      /role:master/.test(redisCli(port, 'INFO', 'replication')),
    );
    const keys = primaries.flatMap(({ port }) =>
      redisCli(port, 'KEYS', '*').split('\n').filter(Boolean),
    );
    expect(keys.length).to.equal(new Set(keys).size);
    expect(openSlots(servers)).to.deep.equal([]);
    const checked = await runTrib(['check', entry, '--search-multiple-owners']);
    expect(checked.status, checked.stdout).to.equal(0);
    expect(load.confirmedWrites).to.be.greaterThan(KEYS_PER_TYPE * 5);
  }

  const ownsUpTo = (server: RealServer, by: RealServer): string =>
    lineAt(by, idOf(server))!.split(' ').slice(8).join(' ');

  it('a move that was killed in the middle is resumed, and no acknowledged write is lost', async () => {
    const cluster = await makeCluster(pool, 3);
    const load = await loaded(cluster);
    const run = await begun(cluster);
    await waitUntil('it stands still with slots open', () => {
      run.process.kill('SIGSTOP');
      if (openSlots(cluster.servers).length > 0) return true;
      run.process.kill('SIGCONT');
      return false;
    });
    run.process.kill('SIGKILL');
    await run.ended;
    expect(entriesOf(journals()[0]).at(-1).kind).to.not.equal('end');
    const refused = await runTrib([...moveOf(cluster, 5_400), '--yes'], here());
    expect(refused.status, refused.stderr).to.equal(1);
    expect(refused.stderr).to.include(`trib resume ${cluster.entry}`);
    const { status, stdout, stderr } = await runTrib(['resume', cluster.entry], here());
    expect(status, stderr).to.equal(0);
    expect(stdout).to.match(
      /Going on with the move-slots that began .*: \d+ slots are done, \d+ are left/,
    );
    expect(stdout).to.match(/\[OK\] \d+ slots were moved to /);
    expect(ownsUpTo(cluster.servers[1]!, cluster.servers[2]!)).to.match(/^0-5400 /);
    await isWhole(load, cluster.servers, cluster.entry);
    const again = await runTrib(['resume', cluster.entry], here());
    expect(again.status).to.equal(0);
    expect(again.stdout).to.include('[OK] Nothing to resume');
  });

  it('SIGTERM in the middle of a move finishes what is in flight, and says what to type', async () => {
    const cluster = await makeCluster(pool, 3);
    const load = await loaded(cluster);
    const run = await begun(cluster);
    run.process.kill('SIGTERM');
    const { status, stderr } = await run.ended;
    expect(status, stderr).to.equal(130);
    expect(stderr).to.include(`trib resume ${cluster.entry}`);
    expect(openSlots(cluster.servers)).to.deep.equal([]);
    expect(entriesOf(journals()[0]).at(-1)).to.include({ kind: 'end', outcome: 'interrupted' });
    const resumed = await tribJson(['resume', cluster.entry], here());
    expect(resumed.status).to.equal(0);
    const { slotsDone, slotsMoved } = resumed.document as Record<string, number>;
    expect(slotsDone! + slotsMoved!).to.equal(5_401);
    await isWhole(load, cluster.servers, cluster.entry);
  });

  it('a run that was held back is gone on with as slowly, which is said, or without limit', async () => {
    const cluster = await makeCluster(pool, 3);
    const load = await loaded(cluster);
    const run = await begun(cluster, 5_400, '--max-rate', '30keys/s', '--guard', '50ms', '--json');
    // Not of the same kind: two of one kind may arrive as one.
    run.process.kill('SIGTERM');
    run.process.kill('SIGINT');
    const { status, stdout } = await run.ended;
    expect(status).to.equal(130);
    const { error } = JSON.parse(stdout);
    expect(error).to.include({ code: 'INTERRUPTED', exitStatus: 130 });
    expect(error.hints).to.include(`Go on with: trib resume ${cluster.entry}`);
    const looked = await runTrib(['resume', cluster.entry, '--dry-run'], here());
    expect(looked.stdout).to.match(
      /Going on with .*\nIt moves no faster than 30 keys\/s, and more slowly when .* 50 ms .*--max-rate/,
    );
    const kept = await tribJson(['resume', cluster.entry, '--dry-run'], here());
    expect(kept.document.limits).to.deep.equal({
      maxRate: { unit: 'keys', perSecond: 30 },
      guardMs: 50,
    });
    const freely = ['--max-rate', 'none', '--guard', 'none'];
    const resumed = await tribJson(['resume', cluster.entry, ...freely], here());
    expect(resumed.status).to.equal(0);
    expect(resumed.document.limits).to.deep.equal({ maxRate: null, guardMs: null });
    await isWhole(load, cluster.servers, cluster.entry);
  });

  it('a reader that goes away ends a move in good order: no slot is left open', async function () {
    // Sources as they stand have nobody who listens to the output.
    if (!PROGRAM.endsWith('run.js')) this.skip();
    const cluster = await makeCluster(pool, 3);
    const load = await loaded(cluster);
    const run = await begun(cluster, 5_400, '--max-rate', '200keys/s', '--events');
    run.process.stdout!.destroy();
    const { status, stderr } = await run.ended;
    expect(status, stderr).to.equal(130);
    expect(stderr).to.include(`trib resume ${cluster.entry}`);
    expect(openSlots(cluster.servers)).to.deep.equal([]);
    const resumed = await tribJson(['resume', cluster.entry, '--max-rate', 'none'], here());
    expect(resumed.status).to.equal(0);
    await isWhole(load, cluster.servers, cluster.entry);
  });

  it('without the journal, on another machine, what is open is finished forward', async () => {
    const cluster = await makeCluster(pool, 3);
    const load = await loaded(cluster);
    const run = await begun(cluster);
    run.process.kill('SIGKILL');
    await run.ended;
    const { status, stdout, stderr } = await runTrib(['resume', cluster.entry], machine('there'));
    expect(status, stderr).to.equal(0);
    expect(stdout).to.match(/No journal of a run is on this machine|Nothing to resume/);
    await isWhole(load, cluster.servers, cluster.entry);
  });

  it('a run that was cut off can be given up, and undone', async () => {
    const cluster = await makeCluster(pool, 3);
    const load = await loaded(cluster);
    const run = await begun(cluster);
    run.process.kill('SIGKILL');
    await run.ended;
    const { status, stdout, stderr } = await runTrib(
      ['abort', cluster.entry, '--undo', '--yes'],
      here(),
    );
    expect(status, stderr).to.equal(0);
    expect(stdout).to.match(/\[OK\] Given up: \d+ open slots were closed/);
    expect(ownsUpTo(cluster.servers[0]!, cluster.servers[2]!)).to.equal('0-5460');
    await isWhole(load, cluster.servers, cluster.entry);
  });

  it('story 2: the target fails over in the middle, and its successor takes the slots', async () => {
    const cluster = await makeCluster(pool, 6);
    const load = await loaded(cluster);
    const run = await begun(cluster);
    const target = cluster.servers[1]!;
    const [successor] = replicasOf(target, cluster.servers);
    run.process.kill('SIGKILL');
    await run.ended;
    // Until it is resumed, clients of open slots are sent to a node that waits for keys no more.
    await load.stop();
    const failed = await runTrib(['failover', addressOf(successor!), '--deadline', '20s']);
    expect(failed.status, failed.stderr).to.equal(0);
    const { status, stdout, stderr } = await runTrib(['resume', cluster.entry], here());
    expect(status, stderr).to.equal(0);
    load.start();
    expect(stdout).to.include('has failed over');
    expect(ownsUpTo(successor!, cluster.servers[2]!)).to.match(/^0-5400 /);
    await isWhole(load, cluster.servers, cluster.entry);
  });

  it('story 8: the new owner is told first that a slot is its own, and the others last', async () => {
    const scene = await Scene.start({ slots: 3, keysPerSlot: 2, windowSlots: 3 });
    try {
      const [source, target] = scene.ends(await scene.look());
      const links = new CutLinks(new RedisLinks());
      expect(await scene.reshard(links)).to.equal(undefined);
      for (const slot of scene.slots) {
        const told = links.sent
          .filter((line) => line.includes(` CLUSTER SETSLOT ${slot} NODE ${target.id}`))
          .map((line) => line.split(' ')[0]);
        const [first, ...others] = [formatAddress(target.address), ...told.slice(1)];
        expect(told, `slot ${slot}`).to.have.length(3);
        expect(told[0]).to.equal(first);
        expect(others).to.include(formatAddress(source.address));
      }
    } finally {
      await scene.stop();
    }
  });

  it('story 59: while one moves slots a second one may not, here or on another machine', async () => {
    const cluster = await makeCluster(pool, 3);
    const load = await loaded(cluster);
    const run = await begun(cluster, 5_400, '--max-rate', '30keys/s');
    for (const name of ['here', 'there']) {
      const { status, stderr } = await runTrib(['resume', cluster.entry], machine(name));
      expect(status, stderr).to.equal(1);
      expect(stderr).to.match(/Another run moves slots of this cluster: trib move-slots/);
      if (name === 'here') expect(stderr).to.include(`process ${run.process.pid!}`);
    }
    run.process.kill('SIGINT');
    const { status, stderr } = await run.ended;
    expect(status, stderr).to.equal(130);
    await isWhole(load, cluster.servers, cluster.entry);
  });

  it('a disk that takes no journal ends the run before anything is changed', async () => {
    const cluster = await makeCluster(pool, 3);
    const plan = await planFile(cluster, 10);
    writeFileSync(join(folder, 'full'), 'no folder');
    const before = cluster.servers.map(({ port }) => redisCli(port, 'CLUSTER', 'INFO'));
    const { status, document } = await tribJson(['apply', plan, '--yes'], machine('full'));
    expect(status).to.equal(1);
    expect(document.error).to.include({ code: 'JOURNAL' });
    const epochs = (text: string): string => /cluster_my_epoch:\d+/.exec(text)![0];
    const after = cluster.servers.map(({ port }) => redisCli(port, 'CLUSTER', 'INFO'));
    expect(after.map(epochs)).to.deep.equal(before.map(epochs));
    expect(openSlots(cluster.servers)).to.deep.equal([]);
  });

  it('a plan file is shown, carried out once, and refused when it is stale or altered', async () => {
    const cluster = await makeCluster(pool, 3);
    const plan = await planFile(cluster, 10);
    const shown = await runTrib(['plan', 'show', plan, '--against', cluster.entry], here());
    expect(shown.status, shown.stderr).to.equal(0);
    expect(shown.stdout).to.match(/move slots 0-10 \(11\) from .*\n[^]*\[OK\] The plan fits/);
    const applied = await runTrib(['plan', 'apply', plan, '--yes'], here());
    expect(applied.status, applied.stderr).to.equal(0);
    expect(applied.stdout).to.include('[OK]');
    const again = await tribJson(['apply', plan, '--yes'], here());
    expect(again.status).to.equal(4);
    expect(again.document.error.message).to.match(/Slot 0 belonged to .* and belongs to .* now\./);
    expect((await runTrib(['plan', 'show', plan, '--against', cluster.entry])).status).to.equal(4);
    writeFileSync(plan, readFileSync(plan, 'utf8').replace('"last": 10', '"last": 11'));
    const altered = await tribJson(['apply', plan, '--yes'], here());
    expect(altered.document.error).to.include({ code: 'CORRUPT_FILE' });
  });

  it('a plan or a run of another cluster, or of nobody, is not gone on with', async () => {
    const cluster = await makeCluster(pool, 3);
    const plan = await planFile(cluster, 5_000);
    const run = await begun(cluster, 5_000);
    run.process.kill('SIGINT');
    await run.ended;
    const id = entriesOf(journals()[0])[0].id as string;
    const others = await makeCluster(pool, 3);
    const codeOf = async (...words: string[]): Promise<string> =>
      (await tribJson(['resume', ...words], here())).document.error.code;
    const foreign = await tribJson(['apply', plan, others.entry, '--yes'], here());
    expect(foreign.document.error).to.include({ code: 'FOREIGN_CLUSTER' });
    expect(await codeOf(others.entry, '--run', id)).to.equal('FOREIGN_CLUSTER');
    expect(await codeOf(cluster.entry, '--run', 'nonsense')).to.equal('USAGE');
    expect((await runTrib(['resume', others.entry], here())).stdout).to.include(
      'Nothing to resume',
    );
    expect((await runTrib(['abort', cluster.entry, '--run', id], here())).status).to.equal(0);
    expect(await codeOf(cluster.entry, '--run', id)).to.equal('REFUSED');
  });
});
