/** Slots that move under load, by redis-cli, among embedded and real nodes: every confirmed write stays. */
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { form, linesOf, type Peer, PeerPool, settled } from './bus-cluster.js';
import { ClusterLoad } from './slots-load.js';

const run = promisify(execFile);

/** The node that answers lives in this process: never the synchronous form. */
async function cluster(...words: readonly string[]): Promise<string> {
  const { stdout } = await run('redis-cli', ['--cluster', ...words], { timeout: 60_000 });
  return stdout;
}

const addressOf = ({ port }: Peer): string => `127.0.0.1:${port}`;

describe('slots that move under load', function () {
  this.timeout(90_000);
  const pool = new PeerPool();
  before(function () {
    if (!hasRedisServer()) this.skip();
  });

  for (const kinds of [
    ['embedded', 'embedded', 'embedded'],
    ['embedded', 'real', 'embedded'],
  ] as const) {
    it(`${kinds.join(', ')}: reshard to and fro, and a fix of what was left open`, async () => {
      const peers = await pool.start(kinds, { nodeTimeoutMs: 5000 });
      await form(peers);
      await settled(peers);
      const load = new ClusterLoad(peers[0]!.port, 60);
      try {
        await load.fill();
        load.start();
        for (const [from, to] of [
          [0, 1],
          [1, 2],
          [2, 0],
        ] as const) {
          await cluster(
            ...['reshard', addressOf(peers[0]!), '--cluster-from', peers[from]!.id],
            ...['--cluster-to', peers[to]!.id, '--cluster-slots', '300', '--cluster-yes'],
          );
          await settled(peers);
        }
        await openSlot(peers[0]!, peers[1]!);
        const fixed = await cluster('fix', addressOf(peers[2]!));
        expect(fixed).to.contain('All 16384 slots covered');
        await settled(peers);
        await load.stop();
        expect(await load.lost()).to.deep.equal([]);
        expect(load.detours.get('MOVED')).to.be.greaterThan(0);
        expect(load.confirmedWrites).to.be.greaterThan(300);
      } finally {
        await load.stop();
        load.close();
      }
    });
  }

  /** A slot with keys is left between two nodes, as by an administrator who gave up. */
  async function openSlot(from: Peer, to: Peer): Promise<void> {
    const line = (await linesOf(from)).find(({ id }) => id === from.id)!;
    const slot = line.slots.split(/[- ]/)[0]!;
    expect(await to.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id)).to.equal('+OK');
    expect(await from.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id)).to.equal('+OK');
    await waitUntil('the slot is open', async () => {
      return (await from.ask('CLUSTER', 'NODES')).includes(`[${slot}->-`);
    });
  }
});
