import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server as TcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { RespClient, show } from '../node/resp-client.js';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import {
  equal,
  field,
  follow,
  linked,
  type Make,
  type Server,
  Servers,
  text,
} from './repl-support.js';

const run = promisify(execFile);

/** Said to a primary without replicas, a primary with one, and a replica: the same answers from both makes. */
const SAYINGS = [
  'REPLICAOF a',
  'REPLICAOF 127.0.0.1 99999',
  'REPLICAOF 127.0.0.1 x',
  'SLAVEOF NO x',
  'WAIT 1 x',
  'WAIT x 1',
  'WAIT 0 -1',
  'FAILOVER ABORT',
  'FAILOVER ABORT FORCE',
  'FAILOVER TO 127.0.0.1 2',
  'FAILOVER TO a b',
  'FAILOVER FORCE',
  'FAILOVER FORCE FORCE',
  'FAILOVER TIMEOUT 0',
  'FAILOVER TIMEOUT x',
  'FAILOVER FORCE TIMEOUT 10',
  'FAILOVER BOGUS',
  'REPLCONF',
  'REPLCONF a',
  'REPLCONF a b',
  'REPLCONF listening-port x',
  'REPLCONF listening-port 99999999',
  'REPLCONF capa eof capa bogus',
  'REPLCONF ip-address 127.0.0.1',
  `REPLCONF ip-address ${'x'.repeat(256)}`,
  'REPLCONF rdb-only x',
  'REPLCONF rdb-filter-only foo',
  'REPLCONF rdb-filter-only functions',
  'PSYNC ? x',
  'ROLE a',
] as const;

describe('the commands of replication', function () {
  const servers = new Servers();
  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  afterEach(() => servers.stop());

  async function answers(server: Server): Promise<string[]> {
    const client = await RespClient.open(server.port);
    const said: string[] = [];
    for (const words of SAYINGS)
      said.push(`${words}: ${show(await client.call(...words.split(' ')))}`);
    client.close();
    return said;
  }

  it('answer as redis-server does, in every role', async () => {
    const said: string[][] = [];
    for (const make of ['real', 'embedded'] as const) {
      const alone = await servers.start(make);
      const lines = (await answers(alone)).map((line) => `alone, ${line}`);
      const replica = await servers.start(make);
      await follow(replica, alone);
      await linked(replica);
      lines.push(...(await answers(alone)).map((line) => `followed, ${line}`));
      lines.push(...(await answers(replica)).map((line) => `replica, ${line}`));
      said.push(lines);
    }
    expect(said[1]).to.deep.equal(said[0]);
  });

  it('in a cluster, roles are the business of CLUSTER', async () => {
    const node = await startNode({ port: 0, cluster: true });
    try {
      const client = await RespClient.open(node.port);
      expect(show(await client.call('REPLICAOF', '127.0.0.1', '1'))).to.equal(
        '-ERR REPLICAOF not allowed in cluster mode.',
      );
      expect(show(await client.call('FAILOVER'))).to.equal(
        '-ERR FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER command instead.',
      );
      client.close();
    } finally {
      await node.stop();
    }
  });

  it('REPLICAOF the primary one has already changes nothing', async () => {
    const primary = await servers.start('real');
    const replica = await servers.start('embedded');
    await follow(replica, primary);
    await linked(replica);
    expect(await text(replica, 'REPLICAOF', '127.0.0.1', String(primary.port))).to.equal(
      'OK Already connected to specified master',
    );
    expect(await field(replica, 'master_link_status')).to.equal('up');
  });

  it('a replica without its primary has nothing for replicas of its own', async () => {
    const replica = await servers.start('embedded');
    await replica.client.call('REPLICAOF', '127.0.0.1', '1');
    expect(await text(replica, 'PSYNC', '?', '-1')).to.equal(
      "-NOMASTERLINK Can't SYNC while not connected with my master",
    );
  });

  it('a connection that is a replica may not touch keys', async () => {
    const primary = await servers.start('embedded');
    const socket = connect(primary.port, '127.0.0.1');
    let heard = '';
    socket.on('data', (chunk) => (heard += chunk.toString('latin1')));
    socket.write('PSYNC ? -1\r\nGET a\r\n');
    await waitUntil('it is refused', () => heard.includes('keyspace'));
    expect(heard).to.match(/^\+FULLRESYNC [0-9a-f]{40} 0\r\n/);
    expect(heard).to.contain("-ERR Replica can't interact with the keyspace");
    socket.destroy();
  });

  for (const [from, to] of [
    ['embedded', 'real'],
    ['real', 'embedded'],
    ['embedded', 'embedded'],
  ] as const satisfies readonly (readonly [Make, Make])[]) {
    it(`FAILOVER hands over from ${from} to ${to}: no write is lost, nothing is copied`, async () => {
      const primary = await servers.start(from);
      const replica = await servers.start(to);
      await follow(replica, primary);
      await linked(replica);
      await primary.client.call('SET', 'a', '1');
      expect(await text(primary, 'FAILOVER')).to.equal('OK');
      await waitUntil('the roles have changed places', async () => {
        return (
          (await field(replica, 'role')) === 'master' && (await field(primary, 'role')) === 'slave'
        );
      });
      await linked(primary);
      await replica.client.call('SET', 'b', '2');
      await equal(replica, primary);
      expect(await field(primary, 'master_failover_state')).to.equal('no-failover');
      expect(await text(primary, 'SET', 'c', '3')).to.match(/^-READONLY/);
    });
  }

  it('FAILOVER that finds nobody ready in time leaves everything as it was', async () => {
    const primary = await servers.start('embedded');
    const replica = await servers.start('real');
    await follow(replica, primary);
    await linked(replica);
    await waitUntil('the replica is online', async () => {
      return (await field(primary, 'slave0')).includes('state=online');
    });
    replica.signal('SIGSTOP');
    await primary.client.call('SET', 'a', '1');
    expect(await text(primary, 'FAILOVER', 'TIMEOUT', '100')).to.equal('OK');
    expect(await field(primary, 'master_failover_state')).to.equal('waiting-for-sync');
    expect(await text(primary, 'FAILOVER')).to.equal('-ERR FAILOVER already in progress.');
    // Held until the failover is over.
    expect(await text(primary, 'SET', 'b', '1')).to.equal('OK');
    expect(await field(primary, 'master_failover_state')).to.equal('no-failover');
    expect(await field(primary, 'role')).to.equal('master');
    replica.signal('SIGCONT');
    await equal(primary, replica);
  });

  for (const make of ['real', 'embedded'] as const) {
    it(`FAILOVER TO names the heir, FORCE does not wait for it, ABORT calls it off (${make} primary)`, async () => {
      const primary = await servers.start(make);
      const [near, far] = [await servers.start('real'), await servers.start('embedded')];
      for (const replica of [near, far]) {
        await follow(replica, primary);
        await linked(replica);
      }
      await waitUntil('both are online', async () => {
        return /slave1:.*state=online/.test(await text(primary, 'INFO', 'replication'));
      });
      // Somebody who is not there: asleep.
      near.signal('SIGSTOP');
      await primary.client.call('SET', 'a', '1');
      const to = ['FAILOVER', 'TO', '127.0.0.1', String(near.port)];
      expect(await text(primary, ...to)).to.equal('OK');
      expect(await field(primary, 'master_failover_state')).to.equal('waiting-for-sync');
      expect(await text(primary, 'FAILOVER', 'ABORT')).to.equal('OK');
      expect(await field(primary, 'master_failover_state')).to.equal('no-failover');
      expect(await text(primary, ...to, 'TIMEOUT', '100', 'FORCE')).to.equal('OK');
      await waitUntil('it is forced upon it', async () => {
        return (await field(primary, 'master_failover_state')) === 'failover-in-progress';
      });
      near.signal('SIGCONT');
      await waitUntil('it is the primary', async () => (await field(near, 'role')) === 'master');
      await linked(primary);
      await near.client.call('SET', 'b', '2');
      await equal(near, primary);
    });
  }

  it('redis-cli --rdb gets a file that redis-server loads', async () => {
    const primary = await servers.start('embedded');
    for (let at = 0; at < 50; at++) await primary.client.call('SET', `key:${at}`, 'v'.repeat(at));
    const dir = mkdtempSync(join(tmpdir(), 'trib-rdb-'));
    try {
      const file = join(dir, 'dump.rdb');
      // Not the synchronous form: the node that answers lives in this process.
      const limits = { timeout: 10_000 };
      await run('redis-cli', ['-p', String(primary.port), '--rdb', file], limits);
      const { stdout: checked } = await run('redis-check-rdb', [file], limits);
      expect(checked).to.contain('RDB looks OK').and.contain('50 keys read');
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

describe('a replica that is cut off', () => {
  /** Passes bytes between a replica and its primary until a limit, then cuts both. */
  async function cutter(
    port: number,
    limits: readonly number[],
  ): Promise<{ port: number; cuts: () => number; server: TcpServer }> {
    let cuts = 0;
    const sockets = new Set<Socket>();
    const server = createServer((near) => {
      const limit = limits[cuts] ?? Infinity;
      const far = connect(port, '127.0.0.1');
      let passed = 0;
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.once('close', () => {
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far);
      far.on('data', (chunk) => {
        const rest = limit - passed;
        passed += chunk.length;
        near.write(chunk.subarray(0, rest));
        if (chunk.length < rest) return;
        cuts++;
        far.destroy();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.once('close', () => sockets.forEach((socket) => socket.destroy()));
    return { port: (server.address() as { port: number }).port, cuts: () => cuts, server };
  }

  let nodes: EmbeddedNode[] = [];
  let proxy: TcpServer | undefined;
  afterEach(async () => {
    proxy?.close();
    await Promise.all(nodes.splice(0).map((node) => node.stop()));
  });

  it('in the middle of anything (handshake, snapshot, command) it ends with the same data', async () => {
    const primary = await startNode({ port: 0 });
    const replica = await startNode({ port: 0 });
    nodes = [primary, replica];
    const client = await RespClient.open(primary.port);
    for (let at = 0; at < 200; at++) await client.call('SET', `key:${at}`, 'v'.repeat(100));
    const limits = [3, 10, 60, 100, 5000, 20_000, 30_001, 30_007, 30_013];
    const { port, cuts, server } = await cutter(primary.port, limits);
    proxy = server;
    replica.wings.replication.follow({ host: '127.0.0.1', port });
    let count = 0;
    await waitUntil('every cut was made', async () => {
      await client.call('MULTI');
      await client.call('INCR', 'a');
      await client.call('APPEND', 'b', `${count++},`.repeat(40));
      await client.call('EXEC');
      return cuts() === limits.length;
    });
    const digest = async (node: EmbeddedNode): Promise<string> => {
      const asker = await RespClient.open(node.port);
      const a = show(await asker.call('GET', 'a'));
      const b = show(await asker.call('GET', 'b'));
      asker.close();
      return `${a} ${b} ${node.wings.data.keyCount()} ${node.wings.replication.offset}`;
    };
    await waitUntil(
      'both hold the same',
      async () => (await digest(replica)) === (await digest(primary)),
    );
    client.close();
  });
});
