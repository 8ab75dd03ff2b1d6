/** In a cluster, keys arrive in a slot that the target does not own yet: it takes them only when asked so. */
import { expect } from 'chai';
import { makeDump } from '../../src/lib/wire/rdb/dump.js';
import type { MigrateOutcome } from '../../src/lib/node/ports/replication.js';
import { HeldKeys } from '../../src/lib/node/server/held-keys.js';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { plainDial } from '../../src/lib/node/server/dial.js';
import { SYSTEM_NETWORK } from '../../src/lib/node/server/network.js';
import { createTransfer } from '../../src/lib/node/server/replication/transfer.js';
import { RespClient, show } from '../node/resp-client.js';
import { freePort } from '../support/free-port.js';
import { hasRedisServer, type RealServer, startRealServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { ask, textOf } from './config-link.js';

/** The slots of the two keys, as CLUSTER KEYSLOT says. */
const IMPORTED_KEY = 'foo';
const IMPORTED_SLOT = '12182';
const FOREIGN_KEY = 'bar';

describe('keys moved into a redis-server cluster', function () {
  this.timeout(30_000);
  let owner: RealServer | undefined;
  let target: RealServer | undefined;

  const on = async (server: RealServer, ...argv: string[]): Promise<string> =>
    textOf((await ask(server.port, [argv]))[0]);

  before(async function () {
    if (!hasRedisServer()) this.skip();
    owner = await startRealServer();
    target = await startRealServer();
    const id = await on(owner, 'CLUSTER', 'MYID');
    await on(owner, 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await on(target, 'CLUSTER', 'MEET', owner.host, String(owner.port));
    await waitUntil('the target knows who owns the slots', async () => {
      const info = await on(target!, 'CLUSTER', 'INFO');
      return info.includes('cluster_state:ok') && info.includes('cluster_slots_ok:16384');
    });
    expect(await on(target, 'CLUSTER', 'SETSLOT', IMPORTED_SLOT, 'IMPORTING', id)).to.equal('OK');
  });

  after(async () => {
    await target?.stop();
    await owner?.stop();
  });

  function move(key: string, isClusterEnabled: boolean): Promise<MigrateOutcome> {
    const transfer = createTransfer({
      log: () => undefined,
      dial: plainDial(SYSTEM_NETWORK),
      isClusterEnabled,
      nowMs: Date.now,
      heldKeys: new HeldKeys(),
      settle: (finish) => finish(),
      onFatal: (reason) => expect.fail(reason),
    });
    const made = makeDump(0, (body) => body.text('value'));
    if (!made.ok) throw new Error(made.error);
    return new Promise<MigrateOutcome>((resolve) => {
      transfer.migrate(
        {
          host: target!.host,
          port: target!.port,
          db: 0,
          timeoutMs: 5000,
          replace: false,
          user: undefined,
          password: undefined,
          keys: [{ key, payload: made.value, expiresAtMs: undefined }],
        },
        resolve,
      );
    }).finally(() => transfer.stop());
  }

  it('are refused by the importing node when it is not asked', async () => {
    const { moved, error } = await move(IMPORTED_KEY, false);
    expect(moved).to.deep.equal([]);
    expect(error).to.match(/^ERR Target instance replied with error: MOVED 12182 /);
  });

  it('arrive when a cluster node sends them', async () => {
    expect(await move(IMPORTED_KEY, true)).to.deep.equal({
      moved: [IMPORTED_KEY],
      error: undefined,
    });
    expect(await on(target!, 'CLUSTER', 'COUNTKEYSINSLOT', IMPORTED_SLOT)).to.equal(
      '{"kind":"integer","value":1}',
    );
  });

  it('are refused for a slot that is not being imported', async () => {
    const { moved, error } = await move(FOREIGN_KEY, true);
    expect(moved).to.deep.equal([]);
    expect(error).to.match(/^ERR Target instance replied with error: MOVED /);
  });
});

describe('a slot moved between an embedded node and redis-server', function () {
  this.timeout(60_000);
  let node: EmbeddedNode | undefined;
  let server: RealServer | undefined;
  const clients: RespClient[] = [];
  let ours: RespClient;
  let other: RespClient;
  let theirs: RespClient;

  const say = async (client: RespClient, ...argv: string[]): Promise<string> =>
    show(await client.call(...argv));

  const idOf = async (client: RespClient): Promise<string> => {
    const reply = await client.call('CLUSTER', 'MYID');
    return textOf(reply);
  };

  const setSlot = async (client: RespClient, ...words: string[]): Promise<void> => {
    expect(await say(client, 'CLUSTER', 'SETSLOT', IMPORTED_SLOT, ...words)).to.equal('+OK');
  };

  async function connect(port: number): Promise<RespClient> {
    const client = await RespClient.open(port);
    clients.push(client);
    return client;
  }

  before(async function () {
    if (!hasRedisServer()) this.skip();
    server = await startRealServer({
      nodeTimeoutMs: 5000,
      // Otherwise it becomes a replica of the other when its only slot leaves.
      config: { 'cluster-allow-replica-migration': 'no' },
    });
    node = await startNode({
      port: await freePort(),
      cluster: true,
      config: { 'cluster-node-timeout': '5000' },
    });
    ours = await connect(node.port);
    other = await connect(node.port);
    theirs = await connect(server.port);
    await ours.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await ours.call('CLUSTER', 'SET-CONFIG-EPOCH', '1');
    await theirs.call('CLUSTER', 'MEET', '127.0.0.1', String(node.port));
    for (const client of [ours, theirs]) {
      await waitUntil('both know both and all slots', async () => {
        const info = textOf(await client.call('CLUSTER', 'INFO'));
        const has = (line: string): boolean => info.includes(line);
        return has('state:ok') && has('slots_ok:16384') && has('known_nodes:2');
      });
    }
  });

  after(async () => {
    for (const client of clients) client.close();
    await server?.stop();
    await node?.stop();
  });

  afterEach(() => server?.signal('SIGCONT'));

  it('is served without a gap while it leaves: wait, then ASK', async () => {
    expect(await say(ours, 'MSET', '{foo}a', '1', '{foo}b', '2')).to.equal('+OK');
    await setSlot(theirs, 'IMPORTING', await idOf(ours));
    await setSlot(ours, 'MIGRATING', await idOf(theirs));
    server!.signal('SIGSTOP');
    const port = String(server!.port);
    const moved = say(ours, 'MIGRATE', '127.0.0.1', port, '', '0', '9000', 'KEYS', '{foo}a');
    const read = say(other, 'GET', '{foo}a');
    const third = await connect(node!.port);
    expect(await say(third, 'GET', '{foo}b')).to.equal('$"2"');
    server!.signal('SIGCONT');
    expect(await moved).to.equal('+OK');
    expect(await read).to.equal(`-ASK ${IMPORTED_SLOT} 127.0.0.1:${port}`);
    expect(await say(ours, 'MGET', '{foo}a', '{foo}b')).to.match(/^-TRYAGAIN /);
    await theirs.call('ASKING');
    expect(await say(theirs, 'GET', '{foo}a')).to.equal('$"1"');
    expect(await say(ours, 'MIGRATE', '127.0.0.1', port, '{foo}b', '0', '9000')).to.equal('+OK');
    await setSlot(theirs, 'NODE', await idOf(theirs));
    await setSlot(ours, 'NODE', await idOf(theirs));
    expect(await say(theirs, 'MGET', '{foo}a', '{foo}b')).to.equal('array[$"1", $"2"]');
  });

  it('comes back with all its keys', async () => {
    await setSlot(ours, 'IMPORTING', await idOf(theirs));
    await setSlot(theirs, 'MIGRATING', await idOf(ours));
    const port = String(node!.port);
    const words = ['127.0.0.1', port, '', '0', '9000', 'KEYS', '{foo}a', '{foo}b'];
    expect(await say(theirs, 'MIGRATE', ...words)).to.equal('+OK');
    expect(await say(theirs, 'GET', '{foo}a')).to.equal(`-ASK ${IMPORTED_SLOT} 127.0.0.1:${port}`);
    expect(await say(ours, 'GET', '{foo}a')).to.match(/^-MOVED /);
    await setSlot(ours, 'NODE', await idOf(ours));
    await setSlot(theirs, 'NODE', await idOf(ours));
    expect(await say(ours, 'MGET', '{foo}a', '{foo}b')).to.equal('array[$"1", $"2"]');
  });
});
