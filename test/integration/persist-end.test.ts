/** Ending in good order, and coming back: who waits, what is saved, and where replicas go on. */
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { expect } from 'chai';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { RespClient, show } from '../node/resp-client.js';
import { freePort } from '../support/free-port.js';
import { hasRedisServer, startRealServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { Disk, fill } from './persist-support.js';

async function field(client: RespClient, section: string, name: string): Promise<string> {
  const reply = await client.call('INFO', section);
  const text = reply.kind === 'bulk' || reply.kind === 'verbatim' ? reply.text : '';
  return new RegExp(`^${name}:(.*)\\r$`, 'm').exec(text)?.[1] ?? `no ${name}`;
}

describe('SHUTDOWN', () => {
  let disk: Disk;
  const clients: RespClient[] = [];
  const sockets: Socket[] = [];

  beforeEach(() => (disk = new Disk()));
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const socket of sockets.splice(0)) socket.destroy();
    await disk.clear();
  });

  async function connect(port: number): Promise<RespClient> {
    const client = await RespClient.open(port);
    clients.push(client);
    return client;
  }

  /** A replica that takes everything and acknowledges nothing. */
  async function pretend(port: number): Promise<void> {
    const socket = createConnection({ host: '127.0.0.1', port });
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.resume();
    socket.write('PSYNC ? -1\r\n');
    await once(socket, 'connect');
  }

  it('waits for replicas that lag, holds writes meanwhile, and can be called off', async () => {
    const node = await disk.start('embedded', { 'shutdown-timeout': '1' });
    await pretend(node.port);
    await waitUntil('it is a replica', async () => {
      return (await field(node.client, 'replication', 'connected_slaves')) === '1';
    });
    await node.ask('SET', 'a', '1');
    const asker = await connect(node.port);
    const writer = await connect(node.port);
    const asked = asker.call('SHUTDOWN');
    await waitUntil('it is to end', () => node.log().includes('Waiting for 1 replicas'));
    const written = writer.call('SET', 'b', '2');
    expect(await node.ask('GET', 'a')).to.equal('$"1"');
    expect(await node.ask('GET', 'b')).to.equal('nil-bulk');
    expect(await node.ask('SHUTDOWN', 'ABORT')).to.equal('+OK');
    expect(show(await asked)).to.equal('-ERR Errors trying to SHUTDOWN. Check logs.');
    expect(show(await written)).to.equal('+OK');
    expect(await node.ask('SHUTDOWN', 'ABORT')).to.equal('-ERR No shutdown in progress.');
    await node.end();
    expect(node.log()).to.contain('1 replicas lag behind and are not waited for');
  });

  it('NOW waits for nobody; SAVE and NOSAVE win over save points', async () => {
    const node = await disk.start('embedded', { save: '' });
    await pretend(node.port);
    await waitUntil('it is a replica', async () => {
      return (await field(node.client, 'replication', 'connected_slaves')) === '1';
    });
    await node.ask('SET', 'a', '1');
    await node.end('SAVE', 'NOW');
    const again = await disk.start('embedded', { save: '3600 1' });
    expect(await again.ask('GET', 'a')).to.equal('$"1"');
    await again.ask('SET', 'b', '1');
    await again.end('NOSAVE');
    const last = await disk.start('embedded');
    expect(await last.ask('GET', 'b')).to.equal('nil-bulk');
  });

  it('FORCE ends a node that cannot save', async () => {
    const node = await disk.start('embedded', { save: '3600 1', dbfilename: 'folder' });
    mkdirSync(disk.path('folder'));
    await node.ask('SET', 'a', '1');
    expect(await node.ask('SHUTDOWN')).to.equal('-ERR Errors trying to SHUTDOWN. Check logs.');
    expect(await node.ask('SET', 'a', '2')).to.equal('+OK');
    await node.end('FORCE');
  });
});

describe('an RDB file knows where replicas go on', () => {
  let disk: Disk;
  let node: EmbeddedNode | undefined;

  beforeEach(() => (disk = new Disk()));
  afterEach(async () => {
    await node?.kill();
    node = undefined;
    await disk.clear();
  });

  for (const make of ['real', 'embedded'] as const) {
    it(`after a restart of an embedded primary, for its ${make} replica`, async function () {
      if (make === 'real' && !hasRedisServer()) this.skip();
      const port = await freePort();
      const start = (): Promise<EmbeddedNode> =>
        startNode({ port, dir: disk.dir, config: { save: '3600 1' } });
      node = await start();
      const folder = disk.path('replica');
      mkdirSync(folder);
      const replica = await disk.start(make, { replicaof: `127.0.0.1 ${port}` }, folder);
      await waitUntil('it follows', async () => {
        return (await field(replica.client, 'replication', 'master_link_status')) === 'up';
      });
      let client = await RespClient.open(port);
      for (let at = 0; at < 50; at++) await client.call('SET', `key:${at}`, String(at));
      client.close();
      await node.stop();
      node = await start();
      client = await RespClient.open(port);
      await client.call('SET', 'after', '1');
      await waitUntil(
        'it follows again',
        async () => (await replica.ask('GET', 'after')) === '$"1"',
      );
      expect(await field(client, 'stats', 'sync_partial_ok')).to.equal('1');
      expect(await field(client, 'stats', 'sync_full')).to.equal('0');
      client.close();
    });

    it(`after a restart of an embedded replica of a ${make} primary`, async function () {
      if (make === 'real' && !hasRedisServer()) this.skip();
      const folder = disk.path('primary');
      mkdirSync(folder);
      const primary = await disk.start(make, {}, folder);
      await fill(primary, 20);
      const config = { replicaof: `127.0.0.1 ${primary.port}`, save: '3600 1' };
      const first = await disk.start('embedded', config);
      await waitUntil(
        'it follows',
        async () => (await first.digest()) === (await primary.digest()),
      );
      await primary.ask('SELECT', '5');
      await primary.ask('SET', 'in', 'five');
      await waitUntil(
        'it follows',
        async () => (await first.digest()) === (await primary.digest()),
      );
      await first.end();
      await primary.ask('SET', 'meanwhile', 'in five as well');
      const second = await disk.start('embedded', config);
      await waitUntil('it follows again', async () => {
        return (await second.digest()) === (await primary.digest());
      });
      expect(await field(primary.client, 'stats', 'sync_full')).to.equal('1');
      expect(await field(primary.client, 'stats', 'sync_partial_ok')).to.equal('1');
    });
  }

  it('after a restart of a real primary that an embedded replica follows', async function () {
    if (!hasRedisServer()) this.skip();
    const port = await freePort();
    const options = { port, dir: disk.dir, cluster: false, config: { save: '3600 1' } };
    const first = await startRealServer(options);
    const replica = await disk.start('embedded', { replicaof: `127.0.0.1 ${port}` }, disk.dir);
    await waitUntil('it follows', async () => {
      return (await field(replica.client, 'replication', 'master_link_status')) === 'up';
    });
    const gone = new Promise((resolve) => first.process.once('exit', resolve));
    first.signal('SIGTERM');
    await gone;
    const second = await startRealServer(options);
    const client = await RespClient.open(port);
    try {
      await waitUntil('it follows again', async () => {
        return (await field(client, 'stats', 'sync_partial_ok')) === '1';
      });
      expect(await field(client, 'stats', 'sync_full')).to.equal('0');
    } finally {
      client.close();
      await second.stop();
    }
  });
});

describe('a cluster node that loads keys', () => {
  let disk: Disk;

  beforeEach(() => (disk = new Disk()));
  afterEach(() => disk.clear());

  for (const make of ['real', 'embedded'] as const) {
    it(`takes the slots of keys that nobody owns (${make})`, async function () {
      if (make === 'real' && !hasRedisServer()) this.skip();
      const standalone = await disk.start('embedded');
      for (const key of ['a', 'b', 'c']) await standalone.ask('SET', key, '1');
      await standalone.ask('SAVE');
      await standalone.kill();
      const config = { 'cluster-enabled': 'yes', 'cluster-require-full-coverage': 'no' };
      const node = await disk.start(make, config);
      await waitUntil('it serves them', async () => (await node.ask('GET', 'a')) === '$"1"');
      expect(await node.ask('CLUSTER', 'NODES')).to.match(/connected 3300 7365 15495\\n"$/);
    });
  }
});
