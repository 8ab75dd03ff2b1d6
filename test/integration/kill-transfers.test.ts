/**
 * kill -9 in the middle of what moves data between nodes: MIGRATE, at either end, and a full sync, at either
 * end. With `appendfsync always` a key is never nowhere, and what is in two places is what was on its way.
 */
import { expect } from 'chai';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { Prng } from '../../src/lib/kernel/prng.js';
import {
  newFolder,
  type NodeProcess,
  spawnNode,
  startNodeProcess,
  stopAll,
} from '../node/server/process/node-process.js';
import { RespClient, show } from '../node/resp-client.js';
import { freePort } from '../support/free-port.js';
import { waitUntil } from '../support/wait.js';

const KEYS = 600;
const BATCH = 20;

const keyOf = (at: number): string => `key:${at}`;

/** Values of every kind, each to be told from those of other keys. */
async function fill(client: RespClient): Promise<void> {
  const calls: Promise<unknown>[] = [];
  for (let at = 0; at < KEYS; at++) {
    const key = keyOf(at);
    if (at % 3 === 0) calls.push(client.call('SET', key, `value ${at}`));
    else if (at % 3 === 1) calls.push(client.call('RPUSH', key, 'a', String(at)));
    else calls.push(client.call('ZADD', key, String(at), 'member', '0.5', 'other'));
  }
  await Promise.all(calls);
}

/** Enough that a sync takes a while. */
async function fillMuch(client: RespClient): Promise<void> {
  const value = 'x'.repeat(20_000);
  const calls = Array.from({ length: 3000 }, (_, at) => client.call('SET', `much:${at}`, value));
  await Promise.all(calls);
}

/** Keys as `DEBUG DIGEST-VALUE` sees them; zeros for those that are not there. */
async function digests(client: RespClient): Promise<string[]> {
  const keys = Array.from({ length: KEYS }, (_, at) => keyOf(at));
  const reply = await client.call('DEBUG', 'DIGEST-VALUE', ...keys);
  return reply.kind === 'array' ? reply.items.map(show) : [];
}

/** Syncs that wait for nobody else. */
const AT_ONCE = { 'repl-diskless-sync-delay': '0' };

const NOTHING = `+${'0'.repeat(40)}`;

describe('kill -9 in the middle of a transfer', function () {
  this.timeout(90_000);
  let peer: EmbeddedNode;
  let peerClient: RespClient;
  let port: number;
  let folder: string;
  const clients: RespClient[] = [];

  beforeEach(async () => {
    folder = newFolder();
    port = await freePort();
    peer = await startNode({ port: 0, config: { 'enable-debug-command': 'yes', ...AT_ONCE } });
    peerClient = await connect(peer.port);
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await peer.stop();
    await stopAll();
  });

  async function connect(to: number): Promise<RespClient> {
    const client = await RespClient.open(to);
    clients.push(client);
    return client;
  }

  /** Of a node with a process of its own, which keeps every write it has answered. */
  function mortalArgs(...args: string[]): string[] {
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
    const debug = ['--enable-debug-command', 'yes', '--repl-diskless-sync-delay', '0'];
    return ['--port', String(port), ...durable, ...debug, ...args];
  }

  function startMortal(...args: string[]): Promise<NodeProcess> {
    return startNodeProcess(mortalArgs(...args), folder);
  }

  /** Moves keys in batches until all are through or a connection has ended. */
  async function migrateAll(source: RespClient, targetPort: number): Promise<number> {
    let moved = 0;
    for (let from = 0; from < KEYS; from += BATCH) {
      const keys = Array.from({ length: BATCH }, (_, at) => keyOf(from + at));
      const words = ['MIGRATE', '127.0.0.1', String(targetPort), '', '0', '2000', 'KEYS', ...keys];
      const answer = await source.call(...words).then(show, () => 'gone');
      if (answer !== '+OK') break;
      moved += BATCH;
    }
    return moved;
  }

  /** Kills after some milliseconds drawn from a seed that the test prints when it fails. */
  async function killSoon(mortal: NodeProcess, seed: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, new Prng(seed).below(60)));
    mortal.child.kill('SIGKILL');
    await mortal.ended;
  }

  async function expectNothingLost(before: readonly string[], seed: number): Promise<void> {
    const again = await connect(port);
    const [here, there] = [await digests(again), await digests(peerClient)];
    const lost = before.filter((digest, at) => here[at] !== digest && there[at] !== digest);
    const twice = before.filter((_, at) => here[at] !== NOTHING && there[at] !== NOTHING);
    expect(lost, `lost, seed ${seed}`).to.have.length(0);
    expect(twice.length, `in two places, seed ${seed}`).to.be.at.most(BATCH);
  }

  for (let round = 0; round < 3; round++) {
    const seed = (Date.now() + round) % 1_000_000;

    it(`loses no key when the source of MIGRATE dies (${round})`, async () => {
      const mortal = await startMortal();
      const source = await connect(port);
      await fill(source);
      const before = await digests(source);
      await Promise.all([migrateAll(source, peer.port), killSoon(mortal, seed)]);
      await startMortal();
      await expectNothingLost(before, seed);
    });

    it(`loses no key when the target of MIGRATE dies (${round})`, async () => {
      const mortal = await startMortal();
      await fill(peerClient);
      const before = await digests(peerClient);
      await Promise.all([migrateAll(peerClient, port), killSoon(mortal, seed)]);
      await startMortal();
      await expectNothingLost(before, seed);
    });
  }

  async function digestOf(client: RespClient): Promise<string> {
    return show(await client.call('DEBUG', 'DIGEST'));
  }

  it('follows again after a replica died in the middle of a full sync', async () => {
    await fill(peerClient);
    await fillMuch(peerClient);
    const follow = ['--replicaof', '127.0.0.1', String(peer.port)];
    const mortal = spawnNode(mortalArgs(...follow), folder);
    await waitUntil('the sync has begun', async () => {
      return /state=(?:wait_bgsave|send_bulk)/.test(
        show(await peerClient.call('INFO', 'replication')),
      );
    });
    mortal.child.kill('SIGKILL');
    await mortal.ended;
    await startMortal(...follow);
    const replica = await connect(port);
    const digest = await digestOf(peerClient);
    await waitUntil(
      'the replica has all',
      async () => (await digestOf(replica)) === digest,
      60_000,
    );
  });

  it('keeps what it has when the primary dies in the middle of a full sync, and gets the rest later', async () => {
    const mortal = await startMortal();
    const primary = await connect(port);
    await fill(primary);
    await fillMuch(primary);
    const digest = await digestOf(primary);
    await peerClient.call('CONFIG', 'SET', 'repl-diskless-load', 'swapdb');
    await peerClient.call('SET', 'old', 'data');
    await peerClient.call('REPLICAOF', '127.0.0.1', String(port));
    await waitUntil('the sync has begun', async () => {
      return show(await peerClient.call('INFO', 'replication')).includes(
        'master_sync_in_progress:1',
      );
    });
    mortal.child.kill('SIGKILL');
    await mortal.ended;
    expect(show(await peerClient.call('GET', 'old'))).to.equal('$"data"');
    await startMortal();
    const again = await connect(port);
    expect(await digestOf(again), 'the primary lost nothing').to.equal(digest);
    await waitUntil(
      'the replica has all',
      async () => (await digestOf(peerClient)) === digest,
      60_000,
    );
  });
});
