/** Backups of clusters of real servers, and of embedded nodes: `trib backup`. */
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startCluster } from '../../src/testing.js';
import { runTrib, startTrib, tribJson } from '../cli/run-trib.js';
import { commandsFor, fillCluster, hangUp } from '../support/data-set.js';
import { type RealServer, hasRedisServer, redisCli } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { ServerPool, addressOf } from './real-cluster.js';

const LIBRARY = "#!lua name=lib\nredis.register_function('one', function() return 1 end)";

describe('trib backup', function () {
  this.timeout(120_000);
  const pool = new ServerPool();
  let servers: RealServer[] = [];
  let entry = '';
  let place = '';

  before(async function () {
    if (!hasRedisServer()) return this.skip();
    servers = await pool.start(6, { nodeTimeoutMs: 5_000 });
    entry = addressOf(servers[0]!);
    const made = await runTrib(['create', '--yes', '--replicas', '1', ...servers.map(addressOf)]);
    expect(made.status, made.stderr).to.equal(0);
    // One of them writes its snapshot to its disk first, and sends it with its length.
    redisCli(servers[1]!.port, 'CONFIG', 'SET', 'repl-diskless-sync', 'no');
    await fillCluster(
      servers.slice(0, 3).map(({ port }) => port),
      commandsFor(1_000),
    );
    for (const { port } of servers.slice(0, 3)) redisCli(port, 'FUNCTION', 'LOAD', LIBRARY);
  });
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'trib-backup-'));
  });
  afterEach(() => rmSync(place, { recursive: true, force: true }));
  after(async () => {
    hangUp();
    await pool.stop();
  });

  const keyCounts = (): number[] =>
    servers.slice(0, 3).map(({ port }) => Number(redisCli(port, 'DBSIZE')));

  it('saves every primary in files that are whole, private and told by the manifest', async () => {
    const folder = join(place, 'deep', 'monday');
    const { status, stdout, stderr } = await runTrib(['--cluster', 'backup', entry, folder]);
    expect(status, stderr).to.equal(0);
    expect(stdout).to.include(`>>> Node ${entry} -> Saving RDB...`);
    expect(stdout).to.include(`[OK] Backup created into: ${folder}`);
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    expect(manifest).to.include({ schemaVersion: 1, kind: 'trib-backup' });
    expect(manifest.shards.map((shard: any) => shard.keyCount)).to.have.members(keyCounts());
    for (const shard of manifest.shards) {
      const path = join(folder, shard.file);
      const bytes = readFileSync(path);
      expect(bytes.length).to.equal(shard.bytes);
      expect(createHash('sha256').update(bytes).digest('hex')).to.equal(shard.sha256);
      expect(statSync(path).mode & 0o777).to.equal(0o600);
      expect(shard).to.include({ rdbVersion: 10, checked: true, version: '7.0.15' });
      expect(shard.replicationId).to.have.lengthOf(40);
      expect(Buffer.from(shard.functions, 'base64').toString('latin1')).to.include('name=lib');
      execFileSync('redis-check-rdb', [path], { stdio: 'pipe' });
    }
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).to.deep.equal([]);
  });

  it('writes the nodes.json that redis-cli writes', async () => {
    const ours = join(place, 'ours');
    const theirs = join(place, 'theirs');
    mkdirSync(theirs);
    const made = await runTrib(['backup', entry, ours]);
    expect(made.status, made.stderr).to.equal(0);
    execFileSync('redis-cli', ['--cluster', 'backup', entry, theirs], { stdio: 'pipe' });
    const read = (folder: string): unknown[] =>
      JSON.parse(readFileSync(join(folder, 'nodes.json'), 'utf8'));
    expect(read(ours)).to.have.deep.members(read(theirs));
    // The files have the same names as well.
    const rdbs = (folder: string): string[] =>
      readdirSync(folder).filter((name) => name.endsWith('.rdb'));
    expect(rdbs(ours)).to.have.members(rdbs(theirs));
  });

  it('spares the primaries when asked to', async () => {
    for (const { port } of servers.slice(0, 3)) redisCli(port, 'WAIT', '1', '5000');
    const folder = join(place, 'b');
    const { status, document } = await tribJson(['backup', entry, folder, '--from-replicas']);
    expect(status, JSON.stringify(document)).to.equal(0);
    const { shards } = document.manifest;
    expect(shards.map((shard: any) => shard.node.role)).to.deep.equal(Array(3).fill('replica'));
    expect(shards.map((shard: any) => shard.keyCount)).to.have.members(keyCounts());
  });

  it('never touches a backup that is there, nor the remains of one', async () => {
    const folder = join(place, 'b');
    expect((await runTrib(['backup', entry, folder])).status).to.equal(0);
    const before = readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs);
    const again = await tribJson(['backup', entry, folder]);
    expect(again.document.error.message).to.include('holds a backup already');
    rmSync(join(folder, 'manifest.json'));
    const remains = await tribJson(['backup', entry, folder]);
    expect(remains.document.error.message).to.include('the remains of one');
    const after = readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs);
    expect(before).to.include.members(after);
    const dry = await tribJson(['backup', entry, join(place, 'new'), '--dry-run']);
    expect(dry.document).to.include({ outcome: 'dry-run' });
    expect(existsSync(join(place, 'new'))).to.equal(false);
  });

  it('says at once that a folder cannot be made', async function () {
    if (!existsSync('/proc/self')) this.skip();
    for (const folder of ['/proc/nope', '/proc/nope/deeper', '/dev/null/x']) {
      const { status, stderr } = await runTrib(['backup', entry, folder]);
      expect(status, stderr).to.equal(1);
      expect(stderr).to.include(`${folder} cannot be used: `);
    }
  });

  it('leaves nothing behind when it is interrupted, or when a node stalls', async () => {
    const [, second] = servers;
    // A snapshot of this one takes longer than anybody waits.
    redisCli(second!.port, 'CONFIG', 'SET', 'rdb-key-save-delay', '100000');
    try {
      const folder = join(place, 'cut');
      const running = startTrib(['backup', entry, folder, '--json']);
      await waitUntil(
        'others are saved',
        () => existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.rdb')),
      );
      running.process.kill('SIGINT');
      const { status, stdout } = await running.ended;
      expect(status, stdout).to.equal(130);
      expect(existsSync(folder)).to.equal(false);
    } finally {
      redisCli(second!.port, 'CONFIG', 'SET', 'rdb-key-save-delay', '0');
    }
  });

  it('saves a cluster of embedded nodes', async () => {
    const cluster = await startCluster({ primaries: 3 });
    try {
      const [first] = cluster.addresses;
      const ports = cluster.addresses.map((address) => Number(address.split(':').at(-1)));
      const served = commandsFor(100).filter(([name]) => !/^(X|PF)/.test(name!));
      await fillCluster(ports, served);
      const { status, document } = await tribJson(['backup', first!, join(place, 'embedded')]);
      expect(status, JSON.stringify(document)).to.equal(0);
      expect(document.manifest.keyCount).to.equal(new Set(served.map(([, key]) => key)).size);
    } finally {
      await cluster.stop();
    }
  });
});
