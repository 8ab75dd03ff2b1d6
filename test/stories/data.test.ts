/** Stories of data that come into a cluster or out of it: imports, backups, restores. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runTrib, tribJson } from '../cli/run-trib.js';
import { ServerPool, addressOf, idOf } from '../integration/real-cluster.js';
import { RespClient } from '../node/resp-client.js';
import {
  ODD_KEYS,
  commandsFor,
  contentsOf,
  fill,
  fillCluster,
  hangUp,
} from '../support/data-set.js';
import { type RealServer, hasRedisServer, redisCli } from '../support/real-server.js';

const PASSWORD = 'pass word 100%s %n';

const portsOf = (servers: readonly RealServer[]): number[] => servers.map(({ port }) => port);

/** A server whose INFO is that of another one: fields as long as before, so that no length changes. */
async function disguise(port: number, words: ReadonlyMap<string, string>): Promise<Server> {
  const proxy = createServer((client) => {
    const server = createConnection({ port, host: '127.0.0.1' });
    client.pipe(server);
    server.on('data', (chunk) => {
      let text = chunk.toString('latin1');
      for (const [from, to] of words) text = text.replaceAll(from, to);
      client.write(text, 'latin1');
    });
    server.on('close', () => client.destroy());
    client.on('close', () => server.destroy());
    for (const socket of [client, server]) socket.on('error', () => undefined);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return proxy;
}

describe('stories of data', function () {
  this.timeout(120_000);
  const pool = new ServerPool();
  let place = '';

  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'trib-data-'));
  });
  afterEach(async () => {
    rmSync(place, { recursive: true, force: true });
    await pool.stop();
  });

  async function clusterOf(
    count: number,
    config: Record<string, string> = {},
    words: readonly string[] = [],
  ): Promise<{ readonly servers: readonly RealServer[]; readonly entry: string }> {
    const servers = await pool.start(count, { nodeTimeoutMs: 5_000, config });
    const few = count < 3 ? ['--allow-few-primaries'] : [];
    const made = await runTrib(['create', '--yes', ...few, ...words, ...servers.map(addressOf)]);
    expect(made.status, made.stderr).to.equal(0);
    return { servers, entry: addressOf(servers[0]!) };
  }

  it('story 13: keys with NUL, line ends, backslashes, quotes and invalid UTF-8 are moved, saved and restored', async () => {
    const { servers, entry } = await clusterOf(3);
    const [source] = await pool.start(1, { cluster: false });
    const client = await RespClient.open(source!.port);
    await fill(
      client,
      ODD_KEYS.map((key) => ['SET', key, `value of ${key}`]),
    );
    client.close();
    const before = await contentsOf([source!.port]);
    const moved = await tribJson(['import', entry, '--from', addressOf(source!)]);
    expect(moved.document, JSON.stringify(moved.document)).to.include({ carried: ODD_KEYS.length });
    expect(await contentsOf(portsOf(servers))).to.deep.equal(before);
    const folder = join(place, 'odd');
    const saved = await tribJson(['backup', entry, folder]);
    expect(saved.document.manifest).to.include({ keyCount: ODD_KEYS.length });
    for (const { port } of servers) redisCli(port, 'FLUSHALL');
    const restored = await tribJson(['restore', folder, entry, '--yes', '--verify']);
    expect(restored.document).to.include({ verified: ODD_KEYS.length, differing: 0 });
    expect(await contentsOf(portsOf(servers))).to.deep.equal(before);
  });

  it('story 54: a source of version 2.8, whose INFO knows no cluster_enabled, is a plain server', async () => {
    const { servers, entry } = await clusterOf(3);
    const [source] = await pool.start(1, { cluster: false });
    const client = await RespClient.open(source!.port);
    await fill(client, commandsFor(20));
    client.close();
    const before = await contentsOf([source!.port]);
    const version = /redis_version:(\S+)/.exec(redisCli(source!.port, 'INFO', 'server'))![1]!;
    const old = await disguise(
      source!.port,
      new Map([
        ['cluster_enabled:', 'xxxxxxx_enabled:'],
        [`redis_version:${version}`, `redis_version:${'2.8.24'.padEnd(version.length, '0')}`],
      ]),
    );
    try {
      const { port } = old.address() as { readonly port: number };
      const { status, document } = await tribJson(['import', entry, '--from', `127.0.0.1:${port}`]);
      expect(status, JSON.stringify(document)).to.equal(0);
      expect(document).to.include({ outcome: 'imported', way: 'straight', carried: before.size });
    } finally {
      old.close();
    }
    expect(await contentsOf(portsOf(servers))).to.deep.equal(before);
    // It knows no KEYS option, so one key goes at a time, and none is lost for it.
    const calls = /cmdstat_migrate:calls=(\d+)/.exec(redisCli(source!.port, 'INFO', 'all'))![1];
    expect(Number(calls)).to.equal(before.size);
  });

  it('story 55: passwords with spaces and % on both sides, two databases, many keys per command, and run again', async () => {
    const login = ['-a', PASSWORD, '--no-auth-warning'];
    const { servers, entry } = await clusterOf(3, { requirepass: PASSWORD }, login);
    const [source] = await pool.start(1, {
      cluster: false,
      config: { requirepass: PASSWORD },
    });
    const client = await RespClient.open(source!.port);
    await fill(client, [
      ['AUTH', PASSWORD],
      ['ACL', 'SETUSER', 'nobody', 'on', 'nopass', '~*', '&*', '+@all'],
    ]);
    await fill(client, [...commandsFor(2_000), ['SELECT', '5'], ['SET', 'of five', 'value']]);
    const line = [
      ...['import', entry, ...login, '--from', addressOf(source!)],
      ...['--copy', '--merge-databases'],
    ];
    const asUser = await tribJson([...line, '--from-user', 'nobody']);
    expect(asUser.document, JSON.stringify(asUser.document)).to.include({
      outcome: 'imported',
      way: 'straight',
    });
    const { carried } = asUser.document;
    expect(carried).to.be.greaterThan(2_000);
    const stats = await client.call('INFO', 'commandstats');
    const calls = /cmdstat_migrate:calls=(\d+)/.exec('text' in stats ? stats.text : '')![1];
    expect(Number(calls)).to.be.lessThan(40);
    const again = await tribJson([...line, '--from-pass', PASSWORD]);
    expect(again.status, JSON.stringify(again.document)).to.equal(0);
    expect(again.document).to.include({ carried: 0, alreadyThere: carried, conflicts: 0 });
    const wrong = await runTrib([...line, '--from-pass', 'wrong 100%s']);
    expect(wrong.status).to.equal(1);
    expect(wrong.stdout + wrong.stderr).to.not.include('wrong 100%s');
    client.close();
    let count = 0;
    for (const { port } of servers) {
      const node = await RespClient.open(port);
      await node.call('AUTH', PASSWORD);
      const size = await node.call('DBSIZE');
      if (size.kind === 'integer') count += Number(size.value);
      node.close();
    }
    expect(count).to.equal(carried);
  });

  it('story 56: a restored cluster has the data and none of the identities of the old one', async () => {
    const old = await clusterOf(3);
    await fillCluster(portsOf(old.servers), commandsFor(100));
    hangUp();
    const before = await contentsOf(portsOf(old.servers));
    const oldIds = old.servers.map(idOf);
    const folder = join(place, 'old');
    const saved = await tribJson(['backup', old.entry, folder]);
    expect(saved.document.manifest.cluster.nodeIds).to.have.members(oldIds);
    // The old cluster goes on; the new one must not meet it.
    const fresh = await clusterOf(4);
    const ids = fresh.servers.map(idOf);
    const restored = await tribJson(['restore', folder, fresh.entry, '--yes']);
    expect(restored.status, JSON.stringify(restored.document)).to.equal(0);
    expect(fresh.servers.map(idOf)).to.deep.equal(ids);
    for (const server of [...fresh.servers, ...old.servers]) {
      const nodes = redisCli(server.port, 'CLUSTER', 'NODES');
      const [own, foreign] = fresh.servers.includes(server) ? [ids, oldIds] : [oldIds, ids];
      expect(own.every((id) => nodes.includes(id))).to.equal(true);
      expect(foreign.some((id) => nodes.includes(id))).to.equal(false);
    }
    expect(await contentsOf(portsOf(fresh.servers))).to.deep.equal(before);
    expect((await runTrib(['check', fresh.entry])).status).to.equal(0);
  });
});
