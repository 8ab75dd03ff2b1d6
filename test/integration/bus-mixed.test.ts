/** Embedded and real nodes in one cluster: they take each other for their own kind. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import {
  type Peer,
  PeerPool,
  agreedView,
  form,
  infoOf,
  lineAbout,
  linesOf,
  settled,
} from './bus-cluster.js';

const run = promisify(execFile);

describe('a cluster of embedded and real nodes', function () {
  if (!hasRedisServer()) return;
  this.timeout(60_000);
  const pool = new PeerPool();
  afterEach(() => pool.stop());

  it('lives ten node timeouts without a flap, and the real ones log no complaint', async () => {
    const nodeTimeoutMs = 700;
    const peers = await pool.start(['embedded', 'real', 'embedded', 'real', 'embedded', 'real'], {
      nodeTimeoutMs,
      config: {},
    });
    const [e1, r1, e2, r2, e3, r3] = peers as [Peer, Peer, Peer, Peer, Peer, Peer];
    await form(
      [e1, r1, e2],
      [
        { peer: r2, of: e1 },
        { peer: e3, of: r1 },
        { peer: r3, of: e2 },
      ],
    );
    const view = await agreedView(peers);
    const untilMs = Date.now() + 10 * nodeTimeoutMs;
    await waitUntil('ten node timeouts have passed', async () => {
      for (const peer of peers) {
        for (const { flags, link, address } of await linesOf(peer)) {
          expect(flags.join(), `${address} as ${peer.port} sees it`).to.match(/^(master|slave)$/);
          expect(link, `${address} as ${peer.port} sees it`).to.equal('connected');
        }
        expect(await infoOf(peer, 'cluster_state')).to.equal('ok');
      }
      expect(await agreedView(peers)).to.equal(view);
      return Date.now() > untilMs;
    });
    for (const { real } of peers) {
      if (real) expect(complaints(real.output())).to.deep.equal([]);
    }
  });

  for (const [rich, poor] of [
    ['embedded', 'real'],
    ['real', 'embedded'],
  ] as const) {
    it(`gives an orphaned ${poor} primary a replica of the richest, which is ${rich}`, async () => {
      const peers = await pool.start([rich, poor, poor, poor, rich], { nodeTimeoutMs: 700 });
      const [richest, orphan, lost, one, two] = peers as [Peer, Peer, Peer, Peer, Peer];
      await form(
        [richest, orphan],
        [
          { peer: lost, of: orphan },
          { peer: one, of: richest },
          { peer: two, of: richest },
        ],
      );
      await lost.kill();
      // The smallest id goes, once the primary has been alone for five seconds.
      const mover = one.id < two.id ? one : two;
      const rest = peers.filter((peer) => peer !== lost);
      await waitUntil(
        'everybody sees the replica at its new primary',
        async () => {
          for (const peer of rest) {
            const line = await lineAbout(peer, mover);
            if (line?.primary !== orphan.id) throw new Error(`${peer.port} does not yet`);
          }
          return (await mover.ask('INFO', 'replication')).includes('master_link_status:up');
        },
        20_000,
      );
      const stays = mover === one ? two : one;
      expect((await lineAbout(orphan, stays))!.primary).to.equal(richest.id);
    });
  }

  it('is built by redis-cli --cluster create', async () => {
    const peers = await pool.start(['real', 'embedded', 'real', 'embedded', 'real', 'embedded']);
    const addresses = peers.map(({ port }) => `127.0.0.1:${port}`);
    const { stdout } = await run(
      'redis-cli',
      ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes'],
      { timeout: 30_000 },
    );
    expect(stdout).to.contain('[OK] All 16384 slots covered.');
    await settled(peers);
  });
});

/** Warnings of a real server that are not about the machine it runs on or about its own changes. */
function complaints(output: string): string[] {
  const ordinary = [
    /overcommit|Transparent Huge|TCP backlog|config file|Configuration loaded|oO0|Redis version/,
    /Server initialized|maximum open files|configEpoch set|IP address for this node|state changed/,
    /Diskless rdb transfer, done|Connection with master lost|Error condition on socket for SYNC|Timeout connecting to the MASTER/,
  ];
  return output
    .split('\n')
    .filter((line) => line.includes(' # ') && !ordinary.some((known) => known.test(line)));
}
