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

  /** A dozen keys of the first node, whose traffic makes the only load; yesterday another node had some. */
  function hotKeys(): readonly string[] {
    const keys: string[] = [];
    for (let candidate = 0; keys.length < HOT_KEYS; candidate++) {
      if (slotOfKey(`hot:${candidate}`) <= FIRST_SHARE) keys.push(`hot:${candidate}`);
    }
    return keys;
  }

  /** All of them are asked for in turns, until `work` is done. */
  async function whileHeated(keys: readonly string[], work: () => Promise<void>): Promise<void> {
    const client = await RespClient.open(nodes[0]!.port);
    const over = new AbortController();
    const heating = (async () => {
      while (!over.signal.aborted) for (const key of keys) await client.call('GET', key);
    })();
    try {
      await work();
    } finally {
      over.abort();
      await heating;
      client.close();
    }
  }

  it('sees traffic, time, keys and memory of every slot, and moves the few that are hot', async () => {
    const keys = hotKeys();
    const client = await RespClient.open(nodes[0]!.port);
    for (const key of keys) await client.call('SET', key, 'x'.repeat(1_000));
    client.close();
    const other = await RespClient.open(nodes[2]!.port);
    for (let times = 0; times < 2_000; times++) await other.call('GET', 'x');
    other.close();
    const rate = ['--interval', '300ms'];
    await whileHeated(keys, async () => {
      for (const by of ['cpu', 'net']) {
        const words = ['rebalance', entry, '--by', by, '--dry-run', ...rate];
        const { status, document } = await json(words);
        expect(status, JSON.stringify(document)).to.equal(0);
        const [first, ...others] = document.shares;
        expect(first.before.load, by).to.be.above(0);
        for (const other of others) expect(other.before.load, by).to.equal(0);
        expect(document.slotCount, by).to.be.within(2, HOT_KEYS);
      }
      const { status, document } = await json(['rebalance', entry, '--by', 'net', ...rate]);
      expect(status, JSON.stringify(document)).to.equal(0);
      expect(document).to.include({ outcome: 'moved', by: 'net', healthy: true });
      // Two thirds of them, but for what the borders of the measurement cut off.
      expect(document.slotCount).to.be.within(HOT_KEYS / 2, HOT_KEYS - 1);
      for (const { after } of document.shares) expect(after.load).to.be.above(0);
    });
    const still = await runTrib(['rebalance', entry, '--by', 'net', '--interval', '10ms']);
    expect(still.status, still.stderr).to.equal(0);
    expect(still.stdout).to.include('No slot was used while it was measured');
    for (const by of ['keys', 'memory']) {
      const { document } = await json(['rebalance', entry, '--by', by, '--dry-run']);
      expect(document, by).to.include({ slotCount: 0 });
    }
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
