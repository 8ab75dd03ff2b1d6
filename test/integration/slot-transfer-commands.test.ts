/** What MIGRATESLOTS and MIGRATION answer, refuse and list. */
import { expect } from 'chai';
import { waitUntil } from '../support/wait.js';
import { keysIn, Town } from './slot-transfer-town.js';

const NOBODY = 'f'.repeat(40);

describe('the commands that move whole slots', function () {
  this.timeout(60_000);
  let town: Town;
  let isUp = false;

  async function build(...options: Parameters<typeof Town.build>): Promise<void> {
    town = await Town.build(...options);
    isUp = true;
  }

  afterEach(async () => {
    if (isUp) await town.stop();
    isUp = false;
  });

  it('refuse as Valkey does', async () => {
    await build('valkey-9', { replicasPerPrimary: 1 });
    const { cluster, source, target } = town;
    const third = cluster.nodes[2]!;
    const [replica] = cluster.replicasOf(source);
    const migrate = async (words: string): Promise<string> =>
      town.say(source, 'CLUSTER', 'MIGRATESLOTS', ...words.split(' '));
    const refusals: readonly (readonly [words: string, error: string])[] = [
      ['SLOTSRANGE a 0', 'No slot ranges specified'],
      ['SLOTSRANGE 0 a', 'Invalid or out of range slot'],
      ['SLOTSRANGE 0 16384', 'Invalid or out of range slot'],
      ['SLOTSRANGE 1 0', 'Start slot number 1 is greater than end slot number 0.'],
      ['SLOTSRANGE 0 16383', 'Requested slots span multiple shards'],
      ['SLOTSRANGE 0 5 3 6', 'Slot range 3-6 overlaps with previous range 0-5.'],
      ['SLOTSRANGE 0 0 1', 'No end slot for final slot range'],
      ['SLOTSRANGE 0 0', 'syntax error'],
      ['SLOTSRANGE 0 0 NODE', 'syntax error'],
      ['RANGE 0 0', 'syntax error'],
      ['SLOTSRANGE 0 0 NODE blah', 'Invalid node name: blah'],
      [`SLOTSRANGE 0 0 NODE ${NOBODY}`, `Unknown node name: ${NOBODY}`],
      [`SLOTSRANGE 0 0 NODE ${source.id}`, 'Target node can not be this node.'],
      [
        `SLOTSRANGE 1 1 NODE ${target.id} SLOTSRANGE 0 2 NODE ${third.id}`,
        'Slot ranges in migrations overlap',
      ],
      ['SLOTSRANGE 16383 16383 NODE x', 'Slots are not served by this node.'],
    ];
    for (const [words, error] of refusals) {
      expect(await migrate(words), words).to.equal(`-ERR ${error}`);
    }
    const wish = ['SLOTSRANGE', '0', '0', 'NODE', target.id];
    expect(await town.say(replica!, 'CLUSTER', 'MIGRATESLOTS', ...wish)).to.equal(
      '-ERR Slot migration can only be used on primary nodes.',
    );
    await town.say(source, 'CLUSTER', 'SETSLOT', '9', 'MIGRATING', target.id);
    await town.say(target, 'CLUSTER', 'SETSLOT', '9', 'IMPORTING', source.id);
    expect(await migrate(wish.join(' '))).to.equal('-ERR Slots are being manually migrated');
    expect(await town.say(target, 'CLUSTER', 'MIGRATESLOTS', ...wish)).to.equal(
      '-ERR Slots are being manually imported',
    );
    await town.say(source, 'CLUSTER', 'SETSLOT', '9', 'STABLE');
    await town.say(source, 'CLUSTER', 'DELSLOTS', '7');
    expect(await migrate('SLOTSRANGE 7 7')).to.equal('-ERR Slot 7 has no node served.');
    expect(await town.jobs(source)).to.deep.equal([]);
    // The target has an open slot: it is asked, and says no.
    expect(await migrate(wish.join(' '))).to.equal('+OK');
    const [job] = await town.jobs(source);
    await town.waitFor(source, job!['name']!, 'failed');
    expect((await town.jobs(source))[0]!['message']).to.contain(
      'Slots are being manually imported',
    );
    expect(await town.say(source, 'CLUSTER', 'CANCELSLOTMIGRATIONS')).to.equal(
      '-ERR No migrations ongoing',
    );
    expect(await town.say(source, 'CLUSTER', 'GETSLOTMIGRATIONS', 'x')).to.match(
      /^-ERR wrong number of arguments for 'cluster\|getslotmigrations'/,
    );
  });

  it('refuse as Redis does', async () => {
    await build('redis-8.4', { replicasPerPrimary: 1 });
    const { cluster, source, target } = town;
    const [replica] = cluster.replicasOf(target);
    const migration = async (words: string, node = target): Promise<string> =>
      town.say(node, 'CLUSTER', 'MIGRATION', ...words.split(' '));
    const wrongNumber = "wrong number of arguments for 'cluster|migration' command";
    const refusals: readonly (readonly [words: string, error: string])[] = [
      ['IMPORT 0', wrongNumber],
      ['IMPORT 0 1 2', wrongNumber],
      ['EXPORT 0 1', 'unknown argument'],
      ['IMPORT a 1', 'Invalid or out of range slot'],
      ['IMPORT 5 1', 'start slot number 5 is greater than end slot number 1'],
      ['IMPORT 0 16383', 'slots belong to different source nodes'],
      ['IMPORT 8000 8001', 'this node is already the owner of the slot range'],
      ['STATUS ID', wrongNumber],
      ['STATUS ALL x', wrongNumber],
      ['STATUS some', 'unknown argument'],
      ['CANCEL some', 'unknown argument'],
    ];
    for (const [words, error] of refusals) {
      expect(await migration(words), words).to.equal(`-ERR ${error}`);
    }
    expect(await migration('IMPORT 0 1', replica)).to.equal(
      '-ERR slot migration not allowed on replica.',
    );
    expect(await migration(`STATUS ID ${NOBODY}`)).to.equal('array[]');
    expect(await migration(`CANCEL ID ${NOBODY}`)).to.equal(':0');
    await town.say(target, 'CLUSTER', 'SETSLOT', '9', 'IMPORTING', source.id);
    expect(await migration('IMPORT 0 1')).to.equal(
      '-ERR all slot states must be STABLE to start a slot migration task.',
    );
    await town.say(target, 'CLUSTER', 'SETSLOT', '9', 'STABLE');
    cluster.delay([source, target], 300);
    const name = await town.move(0, 1);
    const more = await town.call(target, 'CLUSTER', 'MIGRATION', 'IMPORT', '2', '3');
    expect(more).to.deep.equal({
      kind: 'error',
      text: 'ERR another ASM task is already in progress',
    });
    expect(await migration('IMPORT 1 2')).to.match(/overlapping import exists for slot range: 1-2/);
    expect(await town.say(target, 'CLUSTER', 'INFO')).to.contain(
      'cluster_slot_migration_active_tasks:1',
    );
    await town.done(name);
    await town.say(target, 'CLUSTER', 'DELSLOTS', '0');
    expect(await migration('IMPORT 0 0')).to.equal('-ERR slot has no owner: 0');
  });

  it('list each job with the fields of its server', async () => {
    await build('valkey-9');
    const name = await town.move(0, 9);
    await town.done(name);
    const job = await town.job(town.source, name);
    expect(Object.keys(job)).to.deep.equal(
      'name operation slot_ranges target_node source_node create_time last_update_time last_ack_time state message cow_size'.split(
        ' ',
      ),
    );
    expect(job).to.include({
      operation: 'EXPORT',
      slot_ranges: '0-9',
      target_node: town.target.id,
      source_node: town.source.id,
      state: 'success',
      message: '',
    });
    expect(await town.job(town.target, name)).to.include({ operation: 'IMPORT', state: 'success' });
    expect(await town.jobs(town.cluster.nodes[2]!)).to.deep.equal([]);
  });

  it('list each task with the fields of its server', async () => {
    await build('redis-8.4');
    const name = await town.move(0, 9);
    await town.done(name);
    const task = await town.job(town.target, name);
    expect(Object.keys(task)).to.deep.equal(
      'id slots source dest operation state last_error retries create_time start_time end_time write_pause_ms'.split(
        ' ',
      ),
    );
    expect(task).to.include({
      slots: '0-9',
      source: town.source.id,
      dest: town.target.id,
      operation: 'import',
      state: 'completed',
      last_error: '',
      retries: '0',
    });
    expect(await town.job(town.source, name)).to.include({
      operation: 'migrate',
      state: 'completed',
    });
  });

  it('move slots to several nodes at once, in all databases', async () => {
    await build('valkey-9', { config: { 'cluster-databases': '3' } });
    const { cluster, source, target } = town;
    const third = cluster.nodes[2]!;
    const [here, there] = [keysIn(0, 99, 5), keysIn(200, 299, 5)];
    for (const db of ['0', '2']) {
      await town.say(source, 'SELECT', db);
      for (const key of [...here, ...there]) await town.say(source, 'SET', key, db);
    }
    const wish = `SLOTSRANGE 0 49 50 99 NODE ${target.id} SLOTSRANGE 200 299 NODE ${third.id}`;
    expect(await town.say(source, 'CLUSTER', 'MIGRATESLOTS', ...wish.split(' '))).to.equal('+OK');
    const jobs = await town.jobs(source);
    expect(jobs.map((job) => job['slot_ranges'])).to.deep.equal(['200-299', '0-49 50-99']);
    for (const job of jobs) await town.waitFor(source, job['name']!, 'success');
    for (const [node, keys] of [
      [target, here],
      [third, there],
    ] as const) {
      for (const db of ['0', '2']) {
        await town.say(node, 'SELECT', db);
        for (const key of keys) expect(await town.say(node, 'GET', key)).to.equal(`$"${db}"`);
      }
    }
    expect(await town.say(source, 'DBSIZE')).to.equal(':0');
    const again = `SLOTSRANGE 300 300 NODE ${target.id}`.split(' ');
    cluster.delay([source, target], 300);
    expect(await town.say(source, 'CLUSTER', 'MIGRATESLOTS', ...again)).to.equal('+OK');
    expect(await town.say(source, 'CLUSTER', 'MIGRATESLOTS', ...again)).to.equal(
      '-ERR I am already migrating slot 300.',
    );
  });
});

describe('SETSLOT as Valkey has it', function () {
  this.timeout(60_000);
  let town: Town;

  afterEach(async () => town.stop());

  it('reaches the replicas first, and does nothing when it does not', async () => {
    town = await Town.build('valkey-9', { primaries: 3, replicasPerPrimary: 1 });
    const { cluster, source, target } = town;
    const [heir] = cluster.replicasOf(target);
    const open = ['CLUSTER', 'SETSLOT', '9', 'IMPORTING', source.id];
    expect(await town.say(target, ...open, 'TIMEOUT')).to.equal('-ERR Missing timeout value');
    expect(await town.say(target, ...open, 'TIMEOUT', '-1')).to.equal('-ERR timeout is negative');
    cluster.pause(heir!);
    expect(await town.say(target, ...open, 'TIMEOUT', '100')).to.equal(
      '-NOREPLICAS Not enough good replicas to write.',
    );
    const isOpen = (text: string): boolean => text.includes(`[9-<-${source.id}]`);
    expect(await town.say(target, 'CLUSTER', 'NODES')).not.to.satisfy(isOpen);
    cluster.resume(heir!);
    expect(await town.say(target, ...open)).to.equal('+OK');
    expect(await town.say(target, 'CLUSTER', 'NODES')).to.satisfy(isOpen);
    // The replica had it before the answer came.
    await cluster.kill(target);
    await waitUntil('the replica takes over', () => heir!.role === 'primary');
    expect(await town.say(heir!, 'CLUSTER', 'NODES')).to.satisfy(isOpen);
    expect(await town.say(heir!, 'CLUSTER', 'SETSLOT', '9', 'NODE', heir!.id)).to.equal('+OK');
    await waitUntil('the source knows', async () =>
      (await town.say(source, 'GET', keysIn(9, 9, 1)[0]!)).includes(`MOVED 9 ${heir!.address}`),
    );
    expect(await town.say(heir!, 'CLUSTER', 'SETSLOT', '9', 'STABLE', 'TIMEOUT', '5')).to.equal(
      '+OK',
    );
  });

  it('is what it was where replicas could not follow', async () => {
    town = await Town.build('redis-8.4', { primaries: 2, replicasPerPrimary: 1 });
    const { source, target } = town;
    const open = ['CLUSTER', 'SETSLOT', '9', 'IMPORTING', source.id];
    expect(await town.say(target, ...open, 'TIMEOUT', '100')).to.match(
      /^-ERR Invalid CLUSTER SETSLOT action/,
    );
    expect(await town.say(target, ...open)).to.equal('+OK');
  });
});
