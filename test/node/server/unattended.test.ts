/** What runs later, out of a timer or a socket, has no caller to hear of its errors: each has somebody who does. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Configuration } from '../../../src/lib/node/config/configuration.js';
import type { Snapshot } from '../../../src/lib/node/persistence/snapshot.js';
import { unattended } from '../../../src/lib/node/server/fault.js';
import { HeldKeys } from '../../../src/lib/node/server/held-keys.js';
import { type EmbeddedNode, startNode } from '../../../src/lib/node/server/node.js';
import { SYSTEM_NETWORK } from '../../../src/lib/node/server/network.js';
import { plainDial } from '../../../src/lib/node/server/dial.js';
import { FileRound } from '../../../src/lib/node/server/replication/file-round.js';
import { MarkedRound } from '../../../src/lib/node/server/replication/marked-round.js';
import type { ReplicaSession } from '../../../src/lib/node/server/replication/replica-session.js';
import type { SyncRoundOptions } from '../../../src/lib/node/server/replication/sync-round.js';
import { createTransfer } from '../../../src/lib/node/server/replication/transfer.js';
import { SlotDropper } from '../../../src/lib/node/server/slot-dropper.js';
import { Keyspace } from '../../../src/lib/node/store/keyspace.js';
import { waitUntil } from '../../support/wait.js';
import { RespClient, show } from '../resp-client.js';

const BUG = 'a bug of ours';
const fail = (): never => {
  throw new TypeError(BUG);
};

/** Fails to tell one directive, as often as it is told to. */
class ForgetfulConfiguration extends Configuration {
  failures = 0;
  override get(name: string): string | undefined {
    if (name === 'masteruser' && this.failures > 0) {
      this.failures--;
      fail();
    }
    return super.get(name);
  }
}

describe('work that nobody waits for', () => {
  const nodes: EmbeddedNode[] = [];
  const clients: RespClient[] = [];
  const folders: string[] = [];
  let server: Server | undefined;
  let log: string[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await Promise.all(nodes.splice(0).map((node) => node.stop()));
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
    server?.close();
    server = undefined;
    log = [];
  });

  async function start(
    options: Parameters<typeof startNode>[0] = {},
  ): Promise<[EmbeddedNode, RespClient]> {
    const node = await startNode({
      port: 0,
      log: (level, text) => void log.push(`${level}: ${text}`),
      ...options,
    });
    nodes.push(node);
    const client = await RespClient.open(node.port);
    clients.push(client);
    return [node, client];
  }

  function newFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'trib-unattended-'));
    folders.push(folder);
    return folder;
  }

  /** Whoever works in it finds that nothing can be opened there, and nothing removed. */
  function ruin(folder: string): void {
    rmSync(folder, { recursive: true });
    writeFileSync(folder, '');
  }

  function round(advance: () => boolean): {
    readonly options: SyncRoundOptions;
    readonly told: string[];
  } {
    const told: string[] = [];
    const client = { pendingBytes: 0 };
    const session = { client, send: () => undefined } as unknown as ReplicaSession;
    const snapshot = { advance, cancel: () => void told.push('cancelled') } as unknown as Snapshot;
    const options: SyncRoundOptions = {
      sessions: [session],
      snapshot: () => snapshot,
      onMade: () => void told.push('made'),
      onFailed: (sessions, reason) => void told.push(`${sessions.length} failed: ${reason}`),
      onFatal: (reason) => void told.push(`fatal: ${reason}`),
    };
    return { options, told };
  }

  it('tells its keeper when it fails', async () => {
    const reason = await new Promise<string>((resolve) =>
      unattended(Promise.reject(new TypeError(BUG)), resolve),
    );
    expect(reason).to.match(/^internal error: TypeError: a bug of ours\n +at /);
  });

  it('costs a replica its snapshot, sent as it is made: another one may be made', async () => {
    const untilMs = performance.now() + 20;
    const { options, told } = round(() => (performance.now() > untilMs ? fail() : false));
    new MarkedRound(options).start();
    expect(told).to.deep.equal([]);
    await waitUntil('it is over', () => told.length === 3);
    expect(told.slice(0, 2)).to.deep.equal(['cancelled', 'made']);
    expect(told[2]).to.match(/^1 failed: internal error: TypeError: a bug of ours/);
  });

  it('costs a replica its snapshot, made in a file, also where the file cannot even be removed', async () => {
    const directory = newFolder();
    ruin(directory);
    const { options, told } = round(() => true);
    new FileRound({ ...options, directory }).start();
    await waitUntil('it is over', () => told.length === 3);
    expect(told[2]).to.match(/^1 failed: ENOTDIR/);
  });

  it('costs a link to a primary one attempt', async () => {
    const [primary] = await start();
    const config = new ForgetfulConfiguration({ bind: '127.0.0.1', save: '' });
    const [replica, client] = await start({ config, dir: newFolder() });
    config.failures = 2;
    await client.call('REPLICAOF', '127.0.0.1', String(primary.port));
    await waitUntil('it is in sync', () => replica.wings.replication.isLinkUp);
    expect(log.join('\n')).to.match(/is down: internal error: TypeError: a bug of ours/);
    expect(config.failures).to.equal(0);
  });

  it('leaves a replica running whose folder is gone when a snapshot comes', async () => {
    const [primary] = await start();
    const dir = newFolder();
    const [replica, client] = await start({ dir, config: { 'repl-diskless-load': 'disabled' } });
    ruin(dir);
    await client.call('REPLICAOF', '127.0.0.1', String(primary.port));
    await waitUntil(
      'it has tried twice',
      () => log.filter((line) => line.includes('is down: ENOTDIR')).length > 1,
    );
    expect(show(await client.call('PING'))).to.equal('+PONG');
    expect(replica.failure).to.equal(undefined);
  });

  it('ends a cluster node whose folder is gone by its next save, and says so', async () => {
    const dir = newFolder();
    const [node, client] = await start({ dir, cluster: true });
    ruin(dir);
    await client.call('CLUSTER', 'ADDSLOTS', '1').catch(() => undefined);
    await node.ended;
    expect(node.failure).to.match(/^cannot save .*nodes.conf: ENOTDIR/);
    await node.stop();
  });

  it('speaks from any address when bind-source-addr is none, as real servers do', async () => {
    const config = { 'bind-source-addr': 'no.address' };
    const [primary] = await start({ cluster: true, config });
    const [node, client] = await start({ cluster: true, config });
    await client.call('CLUSTER', 'MEET', '127.0.0.1', String(primary.port));
    await waitUntil('they know each other', async () => {
      return show(await client.call('CLUSTER', 'NODES')).includes(primary.id ?? 'no id');
    });
    await client.call('CLUSTER', 'REPLICATE', primary.id ?? '');
    await waitUntil('it is in sync', () => node.wings.replication.isLinkUp);
  });

  it('reports a connection that cannot even be tried as one that failed', async () => {
    const socket = SYSTEM_NETWORK.connect({ host: '127.0.0.1', port: 65_536 });
    const error = await new Promise<Error>((resolve) => socket.on('error', resolve));
    expect(error.message).to.match(/port/i);
  });

  it('tells of a MIGRATE whose end goes wrong', async () => {
    server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const heldKeys = new HeldKeys();
    const reason = await new Promise<string>((resolve) => {
      createTransfer({
        log: () => undefined,
        dial: plainDial(SYSTEM_NETWORK),
        isClusterEnabled: false,
        nowMs: Date.now,
        heldKeys,
        settle: (finish) => finish(),
        onFatal: resolve,
      }).migrate(
        {
          host: '127.0.0.1',
          port,
          db: 0,
          timeoutMs: 1000,
          replace: false,
          user: undefined,
          password: undefined,
          keys: [{ key: 'a', payload: '', expiresAtMs: undefined }],
        },
        fail,
      );
    });
    expect(reason).to.match(/^internal error: TypeError: a bug of ours/);
  });

  it('tells of slots that cannot be freed', async () => {
    const keyspace = new Keyspace({ databases: 1, indexesSlots: true, chance: Math.random });
    for (let at = 0; at < 100_000; at++) keyspace.db(0).set(`{a}${at}`, 'x', 0);
    let isLater = false;
    const reason = await new Promise<string>((resolve) => {
      const freed = (): void => {
        if (isLater) fail();
      };
      setImmediate(() => (isLater = true));
      new SlotDropper(keyspace, freed, resolve).drop(15_495);
    });
    expect(reason).to.match(/^internal error: TypeError: a bug of ours/);
  });
});
