/** In a cluster, keys arrive in a slot that the target does not own yet: it takes them only when asked so. */
import { expect } from 'chai';
import { dumpString } from '../../src/lib/wire/rdb/dump.js';
import type { MigrateOutcome } from '../../src/lib/node/ports/replication.js';
import { HeldKeys } from '../../src/lib/node/server/held-keys.js';
import { createTransfer } from '../../src/lib/node/server/replication/transfer.js';
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
      isClusterEnabled,
      nowMs: Date.now,
      heldKeys: new HeldKeys(),
      settle: (finish) => finish(),
    });
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
          keys: [{ key, payload: dumpString('value'), expiresAtMs: undefined }],
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
