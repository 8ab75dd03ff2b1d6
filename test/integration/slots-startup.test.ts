/** A cluster node that starts with keys of slots which are not its own throws none of them away. */
import { expect } from 'chai';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { PeerPool, type Peer } from './bus-cluster.js';

const MINE = 'a'.repeat(40);
const OTHER = 'b'.repeat(40);
const STRANGER = `${OTHER} 127.0.0.1:1@10001 master - 0 0 2 connected 0-12000`;
const NODES_CONF = [
  `${MINE} 127.0.0.1:0@10000 myself,master - 0 0 1 connected`,
  STRANGER,
  'vars currentEpoch 2 lastVoteEpoch 0',
  '',
].join('\n');

describe('a cluster node whose data do not fit its slots', () => {
  const pool = new PeerPool();
  const dirs: string[] = [];
  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  after(() => {
    for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
  });

  const folder = (): string => {
    const dir = mkdtempSync(join(tmpdir(), 'trib-slots-'));
    dirs.push(dir);
    return dir;
  };

  async function start(kind: Peer['kind'], dir: string): Promise<Peer> {
    const [peer] = await pool.start([kind], { dir });
    return peer!;
  }

  it("takes nobody's slots for its own, and opens those of others for import", async () => {
    const dir = folder();
    const before = await start('embedded', dir);
    await before.ask('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await waitUntil('it serves', async () => (await before.ask('SET', 'foo', '1')) === '+OK');
    // Slots 12182, 5061 and 8455.
    for (const key of ['bar', 'hello2']) await before.ask('SET', key, '1');
    expect(await before.ask('SAVE')).to.equal('+OK');
    await before.kill();
    const said: string[] = [];
    for (const kind of ['real', 'embedded'] as const) {
      const copy = folder();
      copyFileSync(join(dir, 'dump.rdb'), join(copy, 'dump.rdb'));
      writeFileSync(join(copy, 'nodes.conf'), NODES_CONF);
      const peer = await start(kind, copy);
      await waitUntil('it has loaded', async () => (await peer.ask('DBSIZE')) === ':3');
      const lines = (await peer.ask('CLUSTER', 'NODES')).split('\n');
      const own = lines.find((line) => line.startsWith(MINE))!;
      said.push(own.split(' ').slice(8).join(' '));
    }
    expect(said[1]).to.equal(said[0]);
    expect(said[1]).to.match(/^12182 \[\d+-<-b{40}\]/);
  });
});
