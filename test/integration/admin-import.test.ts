/** Keys of a plain server on their way into a cluster of real servers: `trib import`. */
import { expect } from 'chai';
import { runTrib, startTrib, tribJson } from '../cli/run-trib.js';
import { RespClient } from '../node/resp-client.js';
import { ODD_KEYS, commandsFor, contentsOf, fill } from '../support/data-set.js';
import { hasOpenssl, makeCertificates } from '../support/certificates.js';
import { freePort } from '../support/free-port.js';
import { type RealServer, hasRedisServer, redisCli } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { ServerPool, addressOf, clusterInfo, idOf } from './real-cluster.js';
import { tlsDirectives } from './tls-support.js';

const portsOf = (servers: readonly RealServer[]): number[] => servers.map(({ port }) => port);

describe('trib import', function () {
  this.timeout(120_000);
  const pool = new ServerPool();
  const sources = new ServerPool();
  let servers: RealServer[] = [];
  let entry = '';

  before(async function () {
    if (!hasRedisServer()) return this.skip();
    servers = await pool.start(3, { nodeTimeoutMs: 5_000 });
    entry = addressOf(servers[0]!);
    const made = await runTrib(['create', '--yes', ...servers.map(addressOf)]);
    expect(made.status, made.stderr).to.equal(0);
  });
  afterEach(async () => {
    await sources.stop();
    for (const { port } of servers) redisCli(port, 'FLUSHALL');
  });
  after(() => pool.stop());

  async function sourceWith(
    commands: readonly string[][],
    config: Record<string, string> = {},
  ): Promise<{ readonly source: RealServer; readonly client: RespClient }> {
    const [source] = await sources.start(1, { cluster: false, config });
    const client = await RespClient.open(source!.port);
    await fill(client, commands);
    return { source: source!, client };
  }

  it('moves keys of any bytes and every type, many at a time, and compares them', async () => {
    const { source } = await sourceWith(commandsFor(3_000));
    const before = await contentsOf([source.port]);
    const { status, document } = await tribJson([
      ...['import', entry, '--from', addressOf(source), '--verify'],
    ]);
    expect(document, JSON.stringify(document)).to.include({
      ...{ kind: 'import', outcome: 'imported', mode: 'move', way: 'straight' },
      ...{ carried: before.size, verified: before.size, differing: 0, conflicts: 0 },
    });
    expect(status).to.equal(0);
    expect(await contentsOf(portsOf(servers))).to.deep.equal(before);
    expect(redisCli(source.port, 'DBSIZE')).to.equal('0');
    // 3000 keys in a few commands, not in 3000.
    const stats = redisCli(source.port, 'INFO', 'commandstats');
    expect(Number(/cmdstat_migrate:calls=(\d+)/.exec(stats)![1])).to.be.lessThan(60);
  });

  it('copies in the spelling of redis-cli, and finds everything there the second time', async () => {
    const { source } = await sourceWith(commandsFor(500));
    const before = await contentsOf([source.port]);
    const line = ['--cluster', 'import', entry, '--cluster-from', addressOf(source)];
    const first = await runTrib([...line, '--cluster-copy']);
    expect(first.status, first.stderr).to.equal(0);
    expect(first.stdout).to.include(`>>> Importing data from ${addressOf(source)} to cluster`);
    expect(first.stdout).to.include(`*** Importing ${before.size} keys from DB 0`);
    expect(first.stdout).to.include(`[OK] ${before.size} keys copied.`);
    const again = await tribJson(['import', entry, '--from', addressOf(source), '--copy']);
    expect(again.document).to.include({ carried: 0, alreadyThere: before.size, conflicts: 0 });
    expect(await contentsOf([source.port])).to.deep.equal(before);
    expect(await contentsOf(portsOf(servers))).to.deep.equal(before);
  });

  it('goes through this machine where it is told to, with times to live, and leaves what changed', async () => {
    const { source } = await sourceWith(commandsFor(800));
    const before = await contentsOf([source.port]);
    const { document } = await tribJson([
      ...['import', entry, '--from', addressOf(source), '--through-tool', '--verify-sample', '100'],
    ]);
    expect(document).to.include({ outcome: 'imported', way: 'through-tool', carried: before.size });
    expect(document.verified).to.be.within(100, 250);
    expect(await contentsOf(portsOf(servers))).to.deep.equal(before);
    expect(redisCli(source.port, 'DBSIZE')).to.equal('0');
  });

  it('leaves out what the cluster has under the same name, names it, and overwrites it when asked to', async () => {
    const { source, client } = await sourceWith([
      ['SET', 'same', 'value'],
      ['HSET', 'odd\0', 'field', 'source'],
      ['SET', 'new', 'value'],
    ]);
    for (const { port } of servers) {
      const node = await RespClient.open(port);
      await node.call('SET', 'same', 'value');
      await node.call('HSET', 'odd\0', 'field', 'cluster');
      node.close();
    }
    const { status, document } = await tribJson(['import', entry, '--from', addressOf(source)]);
    expect(status).to.equal(1);
    expect(document).to.include({ outcome: 'incomplete', carried: 1, alreadyThere: 1 });
    expect(document.conflictKeys).to.deep.equal([{ database: 0, key: 'odd\0' }]);
    expect(redisCli(source.port, 'DBSIZE')).to.equal('1');
    const forced = await tribJson(['import', entry, '--from', addressOf(source), '--replace']);
    expect(forced.document).to.include({ outcome: 'imported', carried: 1 });
    expect(redisCli(source.port, 'DBSIZE')).to.equal('0');
    client.close();
    const values = await contentsOf(portsOf(servers));
    expect([...values.keys()].sort()).to.deep.equal(['new', 'odd\0', 'same']);
  });

  it('refuses other databases until it is told what becomes of them, and finds names that collide', async () => {
    const { source, client } = await sourceWith([
      ['SET', 'a', '0'],
      ['SELECT', '3'],
      ['SET', 'a', '3'],
      ['SET', 'b', '3'],
    ]);
    const line = ['import', entry, '--from', addressOf(source)];
    const refused = await tribJson(line);
    expect(refused.status).to.equal(1);
    expect(refused.document.error.message).to.include('databases 0 (1 keys), 3 (2 keys)');
    const collision = await tribJson([...line, '--merge-databases']);
    expect(collision.document.error.code).to.equal('REFUSED');
    expect(collision.document.error.hints[0]).to.equal('"a" in databases 0 and 3');
    expect(await contentsOf(portsOf(servers))).to.have.lengthOf(0);
    await client.call('RENAME', 'a', 'c');
    const one = await tribJson([...line, '--db', '3', '--copy']);
    expect(one.document).to.include({ carried: 2 });
    const merged = await tribJson([...line, '--merge-databases']);
    expect(merged.document).to.include({ carried: 1, alreadyThere: 2 });
    const found = await contentsOf(portsOf(servers));
    expect([...found.keys()].sort()).to.deep.equal(['a', 'b', 'c']);
    client.close();
  });

  it('lets a key heavier than a batch travel alone, and goes another way when the source times out', async () => {
    const { source, client } = await sourceWith(commandsFor(50));
    await client.call('SET', 'heavy', 'x'.repeat(24 << 20));
    const before = await contentsOf([source.port]);
    const { document } = await tribJson(['import', entry, '--from', addressOf(source)]);
    expect(document).to.include({ outcome: 'imported', carried: before.size });
    expect(await contentsOf(portsOf(servers))).to.deep.equal(before);
    client.close();
  });

  it('follows slots that move while it works, and ends cleanly when interrupted, to go on later', async () => {
    const { source, client } = await sourceWith(commandsFor(30_000));
    const size = Number(redisCli(source.port, 'DBSIZE'));
    const running = startTrib(['import', entry, '--from', addressOf(source), '--json']);
    const moved = (): number => size - Number(redisCli(source.port, 'DBSIZE'));
    await waitUntil('some keys have moved', () => moved() > 500);
    running.process.kill('SIGINT');
    const outcome = await running.ended;
    expect(outcome.status, outcome.stdout).to.equal(130);
    const { error } = JSON.parse(outcome.stdout);
    expect(error.code).to.equal('INTERRUPTED');
    expect(error.details.carried).to.equal(moved());
    expect(error.hints.join()).to.include('goes on');
    expect(moved()).to.be.lessThan(size);
    const second = startTrib(['import', entry, '--from', addressOf(source), '--json']);
    const half = moved();
    await waitUntil('it goes on', () => moved() > half);
    handOver(servers[0]!, servers[1]!);
    const { status, stdout } = await second.ended;
    expect(status, stdout).to.equal(0);
    expect(redisCli(source.port, 'DBSIZE')).to.equal('0');
    const counts = portsOf(servers).map((port) => Number(redisCli(port, 'DBSIZE')));
    expect(counts.reduce((sum, count) => sum + count, 0)).to.equal(size);
    client.close();
  });

  /** Slot 5000 changes hands as a resharding has it, with whatever keys it has by then. */
  function handOver(from: RealServer, to: RealServer): void {
    const slot = '5000';
    redisCli(to.port, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', idOf(from));
    redisCli(from.port, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', idOf(to));
    const move = (): string[] =>
      redisCli(from.port, 'CLUSTER', 'GETKEYSINSLOT', slot, '1000')
        .split('\n')
        .filter((key) => key !== '');
    for (let keys = move(); keys.length > 0; keys = move()) {
      redisCli(
        from.port,
        'MIGRATE',
        '127.0.0.1',
        String(to.port),
        '',
        '0',
        '5000',
        'KEYS',
        ...keys,
      );
    }
    for (const { port } of [to, from]) redisCli(port, 'CLUSTER', 'SETSLOT', slot, 'NODE', idOf(to));
  }

  it('waits for a replica to take over from a node that dies, and gives it the keys', async () => {
    const nodes = await sources.start(6, { nodeTimeoutMs: 1_000 });
    const made = await runTrib(['create', '--yes', '--replicas', '1', ...nodes.map(addressOf)]);
    expect(made.status, made.stderr).to.equal(0);
    const { source, client } = await sourceWith([]);
    await client.call('DEBUG', 'POPULATE', '60000');
    await waitUntil('replicas have what there is', () =>
      nodes.slice(3).every(({ port }) => redisCli(port, 'INFO').includes('master_link_status:up')),
    );
    const running = startTrib([
      'import',
      addressOf(nodes[1]!),
      '--from',
      addressOf(source),
      '--copy',
      '--json',
    ]);
    await waitUntil('keys arrive', () => Number(redisCli(nodes[0]!.port, 'DBSIZE')) > 500);
    nodes[0]!.signal('SIGKILL');
    expect(running.process.exitCode, 'it is under way').to.equal(null);
    const { status, stdout } = await running.ended;
    expect(status, stdout).to.equal(0);
    // What had not reached the replica yet died with its primary: the second run brings it.
    const living = nodes.slice(1);
    const again = await tribJson([
      'import',
      addressOf(living[0]!),
      '--from',
      addressOf(source),
      '--copy',
    ]);
    const { carried, alreadyThere, conflicts } = again.document;
    expect(again.status, JSON.stringify(again.document)).to.equal(0);
    expect(Number(carried) + Number(alreadyThere)).to.equal(60_000);
    expect(conflicts).to.equal(0);
    client.close();
  });

  it('loses nothing that clients write meanwhile, on the way through this machine', async () => {
    const { source, client } = await sourceWith(commandsFor(20_000));
    const running = startTrib([
      ...['import', entry, '--from', addressOf(source), '--through-tool', '--json'],
    ]);
    let written = 0;
    while (running.process.exitCode === null) {
      const words = Array.from({ length: 8 }, (_, at) => client.call('INCR', `counter:${at}`));
      written += (await Promise.all(words)).length;
    }
    const document = JSON.parse((await running.ended).stdout);
    expect(Number(document.carried)).to.be.at.least(20_000);
    // Every increment is in one of the two values of a name, or in their sum where it was moved between.
    let found = 0;
    for (let at = 0; at < 8; at++) {
      const key = `counter:${at}`;
      const left = Number(redisCli(source.port, 'GET', key));
      const arrived = Number(redisCli(servers[0]!.port, '-c', 'GET', key));
      const isConflict = document.conflictKeys.some((named: any) => named.key === key);
      found += isConflict ? left : left + arrived;
    }
    expect(found).to.equal(written);
    client.close();
  });

  it('speaks TLS with a source that has a certificate of its own, and with a cluster the source cannot', async function () {
    if (!hasOpenssl()) return this.skip();
    const certificates = makeCertificates();
    after(() => certificates.remove());
    const directives = { ...tlsDirectives(certificates), 'tls-auth-clients': 'no' };
    const port = await freePort();
    const { source, client } = await sourceWith(commandsFor(40), {
      ...directives,
      'tls-port': String(port),
    });
    client.close();
    const before = await contentsOf([source.port]);
    const trust = ['--from-cacert', certificates.authority];
    const tls = await tribJson([
      ...['import', entry, '--from', `rediss://127.0.0.1:${port}`, '--copy', ...trust],
    ]);
    expect(tls.document, JSON.stringify(tls.document)).to.include({
      ...{ outcome: 'imported', way: 'straight', carried: before.size },
    });
    expect(await contentsOf(portsOf(servers))).to.deep.equal(before);
    const distrusted = await tribJson([
      'import',
      entry,
      '--from',
      `127.0.0.1:${port}`,
      '--from-tls',
    ]);
    expect(distrusted.document.error.message).to.include('TLS error');

    const tlsPort = await freePort();
    const [node] = await sources.start(1, {
      config: { ...directives, 'tls-port': String(tlsPort), 'tls-cluster': 'yes' },
    });
    redisCli(node!.port, 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await waitUntil('the node serves', () => clusterInfo(node!, 'cluster_state') === 'ok');
    const other = await tribJson([
      ...['import', `127.0.0.1:${tlsPort}`, '--tls', '--cacert', certificates.authority],
      ...['--from', addressOf(source)],
    ]);
    expect(other.document, JSON.stringify(other.document)).to.include({
      ...{ outcome: 'imported', way: 'through-tool', carried: before.size },
    });
    expect(other.document.plan.remarks[0]).to.include('tls-cluster');
    expect(await contentsOf([node!.port])).to.deep.equal(before);
  });

  it('takes another way for a node that the source cannot reach, and says so', async () => {
    const { source, client } = await sourceWith(commandsFor(200));
    const before = await contentsOf([source.port]);
    client.close();
    // It announces a port where nobody listens: bus and administrators find it, MIGRATE does not.
    const [node] = await sources.start(1, {
      config: {
        'cluster-announce-ip': '127.0.0.1',
        'cluster-announce-port': String(await freePort()),
      },
    });
    redisCli(node!.port, 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await waitUntil('the node serves', () => clusterInfo(node!, 'cluster_state') === 'ok');
    const { stdout, status } = await runTrib([
      ...['import', addressOf(node!), '--from', addressOf(source)],
    ]);
    expect(status, stdout).to.equal(0);
    expect(stdout).to.include('[WARNING] The source cannot reach');
    expect(stdout).to.include(`[OK] ${before.size} keys moved.`);
    expect(await contentsOf([node!.port])).to.deep.equal(before);
  });

  it('shows what it would do, and asks for the source, a plain server with data', async () => {
    const { source } = await sourceWith(commandsFor(10));
    const dry = await runTrib(['import', entry, '--from', addressOf(source), '--dry-run']);
    expect(dry.status, dry.stderr).to.equal(0);
    expect(dry.stdout).to.include('Plan for import: 3 steps.');
    expect(await contentsOf(portsOf(servers))).to.have.lengthOf(0);
    const missing = await runTrib(['import', entry]);
    expect(missing.status).to.equal(2);
    expect(missing.stderr).to.include("Option '--from' is required for subcommand 'import'.");
    const member = await runTrib(['import', entry, '--from', addressOf(servers[1]!)]);
    expect(member.status).to.equal(1);
    expect(member.stderr).to.include('[ERR] The source node should not be a cluster node.');
    expect(ODD_KEYS.length).to.be.greaterThan(5);
  });
});
