/** Load-aware rebalancing where servers count what their slots do: embedded nodes that speak as Valkey 9. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { formatAddress } from '../../src/lib/cluster/address.js';
import { slotOfKey } from '../../src/lib/kernel/slot.js';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { runTrib, tribJson } from '../cli/run-trib.js';
import { RespClient } from '../node/resp-client.js';

/** Slots of the first of three primaries. */
const FIRST_SHARE = 5_460;
const HOT_KEYS = 12;

describe('load-aware rebalancing', function () {
  this.timeout(60_000);
  const nodes: EmbeddedNode[] = [];
  let folder: string;
  let entry: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'trib-stats-'));
    const config = {
      persona: 'valkey-9',
      'cluster-slot-stats-enabled': 'yes',
      'cluster-node-timeout': '2000',
    };
    for (let count = 0; count < 3; count++) {
      nodes.push(await startNode({ port: 0, cluster: true, config }));
    }
    const addresses = nodes.map(({ port }) => formatAddress({ host: '127.0.0.1', port }));
    entry = addresses[0]!;
    const { status, stderr } = await runTrib(['create', '--yes', ...addresses]);
    expect(status, stderr).to.equal(0);
  });
  after(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  const json = (words: readonly string[]) => tribJson(words, { env: { XDG_STATE_HOME: folder } });

  /** A dozen keys of the first node, which are asked for all the time. */
  async function heat(): Promise<void> {
    const client = await RespClient.open(nodes[0]!.port);
    let candidate = 0;
    for (let hot = 0; hot < HOT_KEYS; candidate++) {
      const key = `hot:${candidate}`;
      if (slotOfKey(key) > FIRST_SHARE) continue;
      hot++;
      await client.call('SET', key, 'x'.repeat(1_000));
      for (let times = 0; times < 50; times++) await client.call('GET', key);
    }
    client.close();
  }

  it('sees traffic, time, keys and memory of every slot, and moves the few that are hot', async () => {
    await heat();
    for (const by of ['cpu', 'memory']) {
      const { status, document } = await json(['rebalance', entry, '--by', by, '--dry-run']);
      expect(status, JSON.stringify(document)).to.equal(0);
      const [first, ...others] = document.shares;
      expect(first.before.load, by).to.be.above(0);
      for (const other of others) expect(other.before.load, by).to.equal(0);
      expect(document.slotCount, by).to.be.within(2, HOT_KEYS);
    }
    const { status, document } = await json(['rebalance', entry, '--by', 'net']);
    expect(status, JSON.stringify(document)).to.equal(0);
    expect(document).to.include({ outcome: 'moved', by: 'net', healthy: true });
    expect(document.slotCount).to.equal((HOT_KEYS * 2) / 3);
    for (const { after } of document.shares) expect(after.load).to.be.above(0);
    const keys = await json(['rebalance', entry, '--by', 'keys', '--dry-run']);
    expect(keys.document).to.include({ slotCount: 0 });
  });

  it('refuses measures that a server does not count, and names it', async () => {
    const client = await RespClient.open(nodes[1]!.port);
    await client.call('CONFIG', 'SET', 'cluster-slot-stats-enabled', 'no');
    client.close();
    const { status, document } = await json(['rebalance', entry, '--by', 'cpu']);
    expect(status).to.equal(1);
    expect(document.error.code).to.equal('REFUSED');
    expect(document.error.details.nodes).to.deep.equal([
      formatAddress({ host: '127.0.0.1', port: nodes[1]!.port }),
    ]);
    expect((await json(['rebalance', entry, '--by', 'keys', '--dry-run'])).status).to.equal(0);
  });
});
