/** Backups of real clusters into real clusters of another shape: `trib restore`. */
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readBackup } from '../../src/lib/execute/restore/read-backup.js';
import { startCluster } from '../../src/testing.js';
import { runTrib, startTrib, tribJson } from '../cli/run-trib.js';
import { commandsFor, contentsOf, fillCluster, hangUp } from '../support/data-set.js';
import { hasOpenssl, makeCertificates } from '../support/certificates.js';
import { freePort } from '../support/free-port.js';
import { type RealServer, hasRedisServer, redisCli } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { ServerPool, addressOf, clusterInfo } from './real-cluster.js';
import { tlsDirectives } from './tls-support.js';

const LIBRARY = "#!lua name=lib\nredis.register_function('one', function() return 1 end)";

const LARGE = 150_000;

const portsOf = (servers: readonly RealServer[]): number[] => servers.map(({ port }) => port);

describe('trib restore', function () {
  this.timeout(120_000);
  const origin = new ServerPool();
  const pool = new ServerPool();
  let backup = '';
  let large = '';
  let place = '';
  let contents: ReadonlyMap<string, string> = new Map();
  /** Two shards, where the backup has three. */
  let servers: RealServer[] = [];
  let entry = '';

  before(async function () {
    if (!hasRedisServer()) return this.skip();
    place = mkdtempSync(join(tmpdir(), 'trib-restore-'));
    backup = join(place, 'backup');
    large = join(place, 'large');
    const three = await origin.start(3, { nodeTimeoutMs: 5_000 });
    const made = await runTrib(['create', '--yes', ...three.map(addressOf)]);
    expect(made.status, made.stderr).to.equal(0);
    await fillCluster(portsOf(three), [
      ...commandsFor(2_000),
      ['SET', 'gone soon', 'value', 'PX', '1'],
      ['SET', 'large', 'y'.repeat(3 << 20)],
    ]);
    for (const { port } of three) redisCli(port, 'FUNCTION', 'LOAD', LIBRARY);
    const saved = await runTrib(['backup', addressOf(three[0]!), backup]);
    expect(saved.status, saved.stderr).to.equal(0);
    contents = await contentsOf(portsOf(three));
    // Keys for which the node has no slots: they are found where they lie, and go where they belong.
    redisCli(three[2]!.port, 'DEBUG', 'POPULATE', String(LARGE), 'many');
    const again = await runTrib(['backup', addressOf(three[0]!), large]);
    expect(again.status, again.stderr).to.equal(0);
    hangUp();
    await origin.stop();
    servers = await pool.start(2, { nodeTimeoutMs: 5_000 });
    entry = addressOf(servers[0]!);
    const two = ['create', '--yes', '--allow-few-primaries', ...servers.map(addressOf)];
    expect((await runTrib(two)).status).to.equal(0);
  });
  afterEach(() => {
    for (const { port } of servers) {
      redisCli(port, 'FLUSHALL');
      redisCli(port, 'FUNCTION', 'FLUSH');
    }
  });
  after(async () => {
    hangUp();
    await pool.stop();
    rmSync(place, { recursive: true, force: true });
  });

  it('brings every type, time to live and function back into another shape, and compares them', async () => {
    const { status, document } = await tribJson(['restore', backup, entry, '--yes', '--verify']);
    expect(status, JSON.stringify(document)).to.equal(0);
    expect(document).to.include({ kind: 'restore', outcome: 'restored', conflicts: 0, missing: 0 });
    expect(document.restored).to.equal(contents.size);
    expect(document).to.include({ verified: contents.size, differing: 0, after: contents.size });
    expect(await contentsOf(portsOf(servers))).to.deep.equal(contents);
    const ttl = ttlOf('expiring');
    expect(ttl).to.be.within(3_400_000, 3_600_000);
    for (const { port } of servers) expect(redisCli(port, 'FUNCTION', 'LIST')).to.include('lib');
    // Groups and pending entries of streams are no part of a digest.
    const pending = servers.map(
      ({ port }) => redisCli(port, '-c', 'XPENDING', 'stream', 'group').split('\n')[0],
    );
    expect(pending).to.deep.equal(['1', '1']);
  });

  function ttlOf(key: string): number {
    return Number(redisCli(servers[0]!.port, '-c', 'PTTL', key));
  }

  it('asks first, shows what every node would get, and refuses a cluster with keys', async () => {
    const dry = await runTrib(['restore', backup, entry, '--dry-run']);
    expect(dry.status, dry.stderr).to.equal(0);
    const counts = [...dry.stdout.matchAll(/restore (\d+) keys to/g)].map(([, count]) =>
      Number(count),
    );
    expect(counts).to.have.lengthOf(2);
    expect(counts[0]! + counts[1]!).to.equal(contents.size);
    const unasked = await runTrib(['restore', backup, entry]);
    expect(unasked.status).to.equal(3);
    expect(unasked.stderr).to.include(
      `Restore ${contents.size} keys into the cluster at ${entry}?`,
    );
    expect(await contentsOf(portsOf(servers))).to.have.lengthOf(0);
    redisCli(servers[0]!.port, '-c', 'SET', 'number', 'mine');
    redisCli(servers[0]!.port, '-c', 'SET', 'other', 'mine');
    const filled = await tribJson(['restore', backup, entry, '--yes']);
    expect(filled.document.error.code).to.equal('NODE_NOT_EMPTY');
    const forced = await tribJson(['restore', backup, entry, '--yes', '--replace']);
    expect(forced.status, JSON.stringify(forced.document)).to.equal(0);
    expect(redisCli(servers[0]!.port, '-c', 'GET', 'number')).to.equal('-12345');
    expect(redisCli(servers[0]!.port, '-c', 'GET', 'other')).to.equal('mine');
    // Once more, over itself: functions as well.
    const again = await tribJson(['restore', backup, entry, '--yes', '--replace']);
    expect(again.document).to.include({ outcome: 'restored', after: contents.size + 1 });
  });

  it('changes nothing when a file is cut, altered or not told of, or the manifest is', async () => {
    const rdb = readdirSync(backup).find((name) => name.endsWith('.rdb'))!;
    const damages: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
      ['cut', (folder) => truncateSync(join(folder, rdb), 5_000), /is not what was saved/],
      ['altered', (folder) => flipByte(join(folder, rdb)), /is not what was saved/],
      ['gone', (folder) => rmSync(join(folder, rdb)), /is not what was saved/],
      ['no manifest', (folder) => rmSync(join(folder, 'manifest.json')), /holds no backup/],
      [
        'half a manifest',
        (folder) => truncateSync(join(folder, 'manifest.json'), 200),
        /not whole/,
      ],
      [
        'a way out',
        (folder) => {
          const path = join(folder, 'manifest.json');
          writeFileSync(path, readFileSync(path, 'utf8').replaceAll(rdb, `../${rdb}`));
        },
        /damaged/,
      ],
    ];
    for (const [what, damage, words] of damages) {
      const folder = join(place, what.replaceAll(' ', '-'));
      cpSync(backup, folder, { recursive: true });
      damage(folder);
      const options = { nowMs: Date.now(), withoutManifest: false };
      const refusal = await readBackup(folder, options).catch((error: unknown) => error);
      expect(String(refusal), what).to.match(words);
    }
    const { status, document } = await tribJson(['restore', join(place, 'cut'), entry, '--yes']);
    expect(status).to.equal(1);
    expect(document.error).to.include({ code: 'CORRUPT_FILE' });
    expect(await contentsOf(portsOf(servers))).to.have.lengthOf(0);
    expect(redisCli(servers[0]!.port, 'FUNCTION', 'LIST')).to.equal('');
  });

  function flipByte(path: string): void {
    const bytes = readFileSync(path);
    const at = Math.floor(statSync(path).size / 2);
    bytes[at] = bytes[at]! ^ 1;
    writeFileSync(path, bytes);
  }

  it('takes the RDB files of another tool when told to, with their functions', async () => {
    const folder = join(place, 'foreign');
    cpSync(backup, folder, { recursive: true });
    rmSync(join(folder, 'manifest.json'));
    const { status, document } = await tribJson([
      ...['restore', folder, entry, '--without-manifest', '--yes'],
    ]);
    expect(status, JSON.stringify(document)).to.equal(0);
    expect(document).to.include({ outcome: 'restored', restored: contents.size });
    expect(await contentsOf(portsOf(servers))).to.deep.equal(contents);
    for (const { port } of servers) expect(redisCli(port, 'FUNCTION', 'LIST')).to.include('lib');
  });

  it('refuses nodes that are too old for what the backup holds, before anything is changed', async () => {
    const folder = join(place, 'future');
    cpSync(backup, folder, { recursive: true });
    const { status, document } = await tribJson(['restore', futureOf(folder), entry, '--yes']);
    expect(status).to.equal(1);
    expect(document.error.code, document.error.message).to.equal('REFUSED');
    expect(document.error.message).to.match(
      /\(7\.0\.15\) is too old for this backup: .* version 12/,
    );
    expect(await contentsOf(portsOf(servers))).to.have.lengthOf(0);
  });

  /** A hash with expiring fields, as Redis 7.4 writes it, in place of one of the files. */
  function futureOf(folder: string): string {
    const path = join(folder, 'manifest.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8'));
    const value = [...Buffer.alloc(8), 1, 0, 1, 0x66, 1, 0x76];
    const bytes = Buffer.concat([
      Buffer.from('REDIS0012'),
      Buffer.from([0xfe, 0, 24, 1, 0x68, ...value, 0xff]),
      Buffer.alloc(8),
    ]);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const [shard] = manifest.shards;
    writeFileSync(join(folder, shard.file), bytes);
    Object.assign(shard, { bytes: bytes.length, sha256, keyCount: 1, rdbVersion: 12 });
    writeFileSync(path, JSON.stringify(manifest));
    return folder;
  }

  it('ends cleanly when interrupted, and goes on with --replace', async () => {
    const running = startTrib(['restore', large, entry, '--yes', '--events']);
    const count = (): number =>
      portsOf(servers).reduce((sum, port) => sum + Number(redisCli(port, 'DBSIZE')), 0);
    await waitUntil('it has begun', () => running.stdout().includes('transfer-started'));
    running.process.kill('SIGINT');
    const { status, stdout } = await running.ended;
    expect(status, stdout).to.equal(130);
    const { error } = JSON.parse(stdout.trim().split('\n').at(-1)!);
    expect(error.code).to.equal('INTERRUPTED');
    expect(error.hints.join()).to.include('--replace');
    expect(error.details.restored).to.equal(count());
    expect(count()).to.be.lessThan(LARGE);
    const again = await tribJson(['restore', large, entry, '--yes', '--replace']);
    expect(again.status, JSON.stringify(again.document)).to.equal(0);
    expect(again.document).to.include({ outcome: 'restored', after: contents.size + LARGE });
    expect(count()).to.equal(contents.size + LARGE);
  });

  it('saves and restores over TLS, with a password', async function () {
    if (!hasOpenssl()) return this.skip();
    const certificates = makeCertificates();
    after(() => certificates.remove());
    const tlsPort = await freePort();
    const [node] = await pool.start(1, {
      config: {
        ...tlsDirectives(certificates),
        ...{ 'tls-auth-clients': 'no', 'tls-port': String(tlsPort), 'tls-cluster': 'yes' },
      },
    });
    redisCli(node!.port, 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await waitUntil('it serves', () => clusterInfo(node!, 'cluster_state') === 'ok');
    redisCli(node!.port, 'MSET', '{a}1', 'x', '{a}2', 'y');
    redisCli(node!.port, 'CONFIG', 'SET', 'requirepass', 'secret');
    const reach = [
      ...[`127.0.0.1:${tlsPort}`, '--tls', '--cacert', certificates.authority],
      ...['-a', 'secret', '--no-auth-warning'],
    ];
    const folder = join(place, 'tls');
    const saved = await tribJson(['backup', ...reach.slice(0, 1), folder, ...reach.slice(1)]);
    expect(saved.document.manifest, JSON.stringify(saved.document)).to.include({ keyCount: 2 });
    redisCli(node!.port, '-a', 'secret', 'FLUSHALL');
    const restored = await tribJson(['restore', folder, ...reach, '--yes', '--verify']);
    expect(restored.document, JSON.stringify(restored.document)).to.include({
      ...{ outcome: 'restored', restored: 2, verified: 2 },
    });
    await node!.stop();
  });

  it('restores into embedded nodes what they can serve, and names what they cannot', async () => {
    const cluster = await startCluster({ primaries: 4 });
    try {
      const [first] = cluster.addresses;
      const { status, document } = await tribJson(['restore', backup, first!, '--yes']);
      expect(status).to.equal(1);
      expect(document.error.message).to.match(/functions of the backup/);
      const keys = await tribJson(['restore', backup, first!, '--yes', '--skip-functions']);
      expect(keys.status).to.equal(1);
      expect(keys.document.error.message).to.include('stream');
    } finally {
      await cluster.stop();
    }
  });
});
