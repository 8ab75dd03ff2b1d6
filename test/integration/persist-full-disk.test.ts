/** A disk that fills up under a node: what is refused, what is kept, and how it goes on when there is room. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { RespClient, show } from '../node/resp-client.js';
import { freePort } from '../support/free-port.js';
import { hasRedisServer } from '../support/real-server.js';
import { hasSmallDisks, type OnSmallDisk, runOnSmallDisk } from '../support/small-disk.js';
import { waitUntil } from '../support/wait.js';

const ENTRY = fileURLToPath(new URL('../node/server/process/entry.ts', import.meta.url));
const EMBEDDED = [process.execPath, '--import', import.meta.resolve('tsx'), ENTRY];
const REAL = ['redis-server', '--enable-debug-command', 'yes'];
const DISK_KB = 3000;
const VALUE = 'x'.repeat(100_000);

describe('a disk that is full', function () {
  this.timeout(60_000);
  let folder = '';
  const running: OnSmallDisk[] = [];
  const clients: RespClient[] = [];
  let node: EmbeddedNode | undefined;

  before(function () {
    if (!hasSmallDisks()) this.skip();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trib-full-'));
    mkdirSync(join(folder, 'disk'));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const { child, ended } of running.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
    await node?.kill();
    node = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(
    program: readonly string[],
    ...directives: string[]
  ): Promise<{ disk: OnSmallDisk; client: RespClient }> {
    const port = await freePort();
    const words = [...program, '--port', String(port), '--rdbcompression', 'no', ...directives];
    const disk = runOnSmallDisk(join(folder, 'disk'), DISK_KB, words);
    running.push(disk);
    await waitUntil('it is ready', () => disk.output().includes('Ready to accept connections'));
    const client = await RespClient.open(port);
    clients.push(client);
    return { disk, client };
  }

  async function info(client: RespClient, name: string): Promise<string> {
    const reply = await client.call('INFO', 'persistence');
    const text = reply.kind === 'bulk' || reply.kind === 'verbatim' ? reply.text : '';
    return new RegExp(`^${name}:(.*)\\r$`, 'm').exec(text)?.[1] ?? `no ${name}`;
  }

  it('fails a save, which keeps the old file and refuses writes until one works', async () => {
    const { disk, client } = await start(EMBEDDED, '--save', '3600 1000000');
    await client.call('SET', 'small', '1');
    expect(show(await client.call('SAVE'))).to.equal('+OK');
    for (let at = 0; at < 40; at++) await client.call('SET', `key:${at}`, VALUE);
    expect(show(await client.call('SAVE'))).to.equal('-ERR ');
    await client.call('BGSAVE');
    await waitUntil('it has failed', async () => {
      return (await info(client, 'rdb_last_bgsave_status')) === 'err';
    });
    expect(disk.output()).to.match(/Cannot save to .*ENOSPC/);
    expect(show(await client.call('DEL', 'key:0'))).to.match(
      /^-MISCONF Redis is configured to save/,
    );
    expect(readdirSync(disk.path(''))).to.deep.equal(['dump.rdb']);
    cpSync(disk.path('dump.rdb'), join(folder, 'dump.rdb'));
    node = await startNode({ port: 0, dir: folder });
    expect(node.wings.data.keyCount()).to.equal(1);
    await client.call('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no');
    expect(show(await client.call('FLUSHALL'))).to.equal('+OK');
    await client.call('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'yes');
    // FLUSHALL saves as well, and there is room for nothing at all.
    expect(show(await client.call('SET', 'a', '1'))).to.equal('+OK');
  });

  for (const [name, program] of [
    ['a real server', REAL],
    ['an embedded node', EMBEDDED],
  ] as const) {
    it(`stops ${name} from taking writes while they do not reach the append-only file (everysec)`, async function () {
      if (program === REAL && !hasRedisServer()) this.skip();
      const { disk, client } = await start(program, '--appendonly', 'yes', '--save', '');
      writeFileSync(disk.path('ballast'), Buffer.alloc(1_000_000));
      let refusal = '';
      for (let at = 0; at < 60 && refusal === ''; at++) {
        const reply = show(await client.call('SET', `key:${at}`, VALUE));
        if (reply !== '+OK') refusal = reply;
      }
      expect(refusal).to.equal('-MISCONF Errors writing to the AOF file: No space left on device');
      expect(show(await client.call('PING'))).to.equal(refusal);
      expect(show(await client.call('STRLEN', 'key:0'))).to.equal(':100000');
      expect(await info(client, 'aof_last_write_status')).to.equal('err');
      rmSync(disk.path('ballast'));
      await waitUntil('it writes again', async () => {
        return (await info(client, 'aof_last_write_status')) === 'ok';
      });
      expect(show(await client.call('SET', 'after', '1'))).to.equal('+OK');
      await waitUntil(
        'it is written',
        async () => (await info(client, 'aof_buffer_length')) === '0',
      );
      cpSync(disk.path('appendonlydir'), join(folder, 'appendonlydir'), { recursive: true });
      node = await startNode({ port: 0, dir: folder, config: { appendonly: 'yes' } });
      const count = await client.call('DBSIZE');
      expect(count.kind === 'integer' && Number(count.value)).to.equal(node.wings.data.keyCount());
    });
  }

  it('ends a node that has promised to have everything on it (always), and loses nothing acknowledged', async () => {
    const words = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
    const { disk, client } = await start(EMBEDDED, ...words);
    let acknowledged = 0;
    // What is on the disk goes with the node: this is kept from before its last write.
    const copy = join(folder, 'appendonlydir');
    try {
      for (let at = 0; at < 60; at++) {
        cpSync(disk.path('appendonlydir'), copy, { recursive: true });
        await client.call('SET', `key:${at}`, VALUE);
        acknowledged++;
      }
    } catch {
      // It is gone, as it should be.
    }
    expect(await disk.ended).to.equal(1);
    expect(disk.output()).to.match(/The node ends: cannot write .*No space left on device/);
    expect(acknowledged).to.be.within(1, 59);
    node = await startNode({ port: 0, dir: folder, config: { appendonly: 'yes' } });
    expect(node.wings.data.keyCount()).to.equal(acknowledged);
  });

  it('ends a cluster node that cannot save its nodes.conf', async () => {
    const { disk, client } = await start(EMBEDDED, '--cluster-enabled', 'yes', '--save', '');
    const room = DISK_KB * 1024;
    try {
      writeFileSync(disk.path('ballast'), Buffer.alloc(room));
    } catch {
      // As much of it as there was room for.
    }
    void client.call('CLUSTER', 'BUMPEPOCH').catch(() => undefined);
    expect(await disk.ended).to.equal(1);
    expect(disk.output()).to.match(/The node ends: cannot save .*nodes.conf: ENOSPC/);
  });
});
