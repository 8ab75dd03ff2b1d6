/** Clusters of embedded and real nodes whose bus is encrypted (tls-cluster). */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { RespClient, show } from '../node/resp-client.js';
import { type Certificates, hasOpenssl, makeCertificates } from '../support/certificates.js';
import { freePort } from '../support/free-port.js';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { form, lineAbout, linesOf, type Peer, PeerPool, settled } from './bus-cluster.js';
import { clientOptions, tlsCli, tlsDirectives } from './tls-support.js';

describe('a cluster with an encrypted bus', function () {
  if (!hasRedisServer()) return;
  this.timeout(60_000);
  const pool = new PeerPool();
  let certificates: Certificates;
  before(function () {
    if (!hasOpenssl()) this.skip();
    certificates = makeCertificates();
  });
  const shared = new PeerPool();
  afterEach(() => pool.stop());
  after(() => certificates.remove());

  const meetingPort = ({ tlsPort }: Peer): number => tlsPort;
  const directives = (): Record<string, string> => ({
    'tls-cluster': 'yes',
    'tls-replication': 'yes',
    ...tlsDirectives(certificates),
  });
  const start = (kinds: readonly Peer['kind'][], from = pool): Promise<Peer[]> =>
    from.start(kinds, {
      nodeTimeoutMs: 1500,
      tls: directives(),
    });

  const secureClient = (peer: Peer): Promise<RespClient> =>
    RespClient.openTls(peer.tlsPort, clientOptions(certificates, certificates.client));

  /** An answer as a client with TLS gets it. */
  async function overTls(peer: Peer, ...argv: string[]): Promise<string> {
    const client = await secureClient(peer);
    const reply = await client.call(...argv);
    client.close();
    return reply.kind === 'bulk' ? reply.text : show(reply);
  }

  it('forms, publishes, and fails over by hand and by itself, in both directions', async () => {
    const peers = await start(['embedded', 'real', 'embedded', 'real', 'embedded', 'real']);
    const [e1, r1, e2, r2, e3, r3] = peers as [Peer, Peer, Peer, Peer, Peer, Peer];
    const replicas = [
      { peer: r2, of: e1 },
      { peer: e3, of: r1 },
      { peer: r3, of: e2 },
    ];
    await form([e1, r1, e2], replicas, undefined, meetingPort);
    for (const { peer } of replicas) {
      await waitUntil(`${peer.kind} ${peer.port} is in sync`, async () =>
        (await peer.ask('INFO', 'replication')).includes('master_link_status:up'),
      );
    }
    const subscribers = await Promise.all([e3, r3].map(secureClient));
    for (const client of subscribers) await client.call('SUBSCRIBE', 'news');
    for (const peer of [e1, r2]) await peer.call('PUBLISH', 'news', `from ${peer.kind}`);
    await waitUntil('both heard both', () =>
      subscribers.every(
        ({ unasked }) =>
          unasked
            .map(show)
            .join()
            .match(/from real/) !== null && unasked.length === 2,
      ),
    );
    for (const client of subscribers) client.close();

    for (const [replica, primary] of [
      [r2, e1],
      [e3, r1],
    ] as const) {
      expect(await replica.ask('CLUSTER', 'FAILOVER')).to.equal('+OK');
      await waitUntil(`${replica.kind} has taken over from ${primary.kind}`, async () => {
        const line = await lineAbout(primary, replica);
        return line?.flags.join() === 'master' && line.slots !== '';
      });
      await settled(peers);
      await waitUntil('the old one follows', async () =>
        (await primary.ask('INFO', 'replication')).includes('master_link_status:up'),
      );
    }
    await e2.kill();
    const left = peers.filter((peer) => peer !== e2);
    await waitUntil('the replica of the dead one serves', async () => {
      const lines = await Promise.all(left.map((peer) => lineAbout(peer, r3)));
      return lines.every((line) => line?.flags.join() === 'master' && line.slots !== '');
    });
  });

  it('comes back from nodes.conf, in which the TLS port stands, as with a real server', async () => {
    const [real] = (await start(['real'])) as [Peer];
    const dir = mkdtempSync(join(tmpdir(), 'trib-tls-node-'));
    const [port, tlsPort] = [await freePort(), await freePort()];
    const options = {
      ...{ dir, port, nodeTimeoutMs: 1500 },
      config: { 'tls-port': String(tlsPort), ...directives() },
    };
    const before = await pool.embedded(options);
    await form([before, real], [], undefined, meetingPort);
    await before.embedded!.stop();
    const line = readFileSync(join(dir, 'nodes.conf'), 'utf8')
      .split('\n')
      .find((each) => each.includes('myself'));
    expect(line).to.include(`${before.id} 127.0.0.1:${tlsPort}@${tlsPort + 10_000} myself,master`);
    const after = await pool.embedded(options);
    expect(after.id).to.equal(before.id);
    await settled([after, real]);
    rmSync(dir, { recursive: true, force: true });
  });

  it('is built by redis-cli over TLS, and looked after by it', async () => {
    const peers = await start(['real', 'embedded', 'embedded']);
    const addresses = peers.map(({ tlsPort }) => `127.0.0.1:${tlsPort}`);
    const create = ['--cluster', 'create', ...addresses, '--cluster-yes'];
    const made = await tlsCli(0, certificates, create);
    expect(made.output).to.contain('[OK] All 16384 slots covered.');
    await settled(peers);
    const [entry, , other] = peers as [Peer, Peer, Peer];
    for (let at = 0; at < 12; at++) {
      await tlsCli(entry.tlsPort, certificates, ['-c', 'set', `key:${at}`, 'x']);
    }
    const reshard = [
      ...['--cluster', 'reshard', `127.0.0.1:${entry.tlsPort}`, '--cluster-from', entry.id],
      ...['--cluster-to', other.id, '--cluster-slots', '50', '--cluster-yes'],
    ];
    const moved = await tlsCli(0, certificates, reshard);
    expect(moved.status, moved.output).to.equal(0);
    const check = await tlsCli(0, certificates, ['--cluster', 'check', addresses[1]!]);
    expect(check.output).to.contain('[OK] All nodes agree about slots configuration.');
    expect(check.output).to.contain('[OK] 12 keys in 3 masters.');
  });

  describe('of two and their replicas', () => {
    let peers: Peer[];
    let embedded: Peer;
    let real: Peer;

    before(async () => {
      peers = await start(['embedded', 'real', 'embedded', 'real'], shared);
      const [first, second, third, fourth] = peers as [Peer, Peer, Peer, Peer];
      [embedded, real] = [first, second];
      const replicas = [
        { peer: third, of: second },
        { peer: fourth, of: first },
      ];
      await form([first, second], replicas, undefined, meetingPort);
    });
    after(() => shared.stop());

    it('tells each client the port of its kind, as real servers do', async () => {
      await waitUntil('all tell the same', async () => {
        for (const about of ['SLOTS', 'SHARDS']) {
          const plain = await Promise.all(peers.map((peer) => peer.ask('CLUSTER', about)));
          const secure = await Promise.all(peers.map((peer) => overTls(peer, 'CLUSTER', about)));
          const strip = (text: string): string[] =>
            text
              .replace(/replication-offset": :\d+/g, '')
              .split(/[[\],]+/)
              .sort();
          for (const texts of [plain, secure]) {
            for (const text of texts.slice(1)) expect(strip(text)).to.deep.equal(strip(texts[0]!));
          }
          if (about === 'SLOTS') expect(strip(plain[0]!)).to.not.deep.equal(strip(secure[0]!));
        }
        return true;
      });
      for (const peer of peers) {
        const addresses = (await linesOf(peer)).map(({ address }) => address).sort();
        expect(addresses).to.deep.equal(
          peers.map(({ port, tlsPort }) => `127.0.0.1:${port}@${tlsPort + 10_000}`).sort(),
        );
        const nodes = (await overTls(peer, 'CLUSTER', 'NODES')).trimEnd().split('\n');
        expect(nodes.map((line) => line.split(' ')[1]).sort()).to.deep.equal(
          peers.map(({ tlsPort }) => `127.0.0.1:${tlsPort}@${tlsPort + 10_000}`).sort(),
        );
      }
      // Slot 12182: the second primary's; slot 0 the first's.
      expect(await embedded.ask('GET', 'foo')).to.equal(`-MOVED 12182 127.0.0.1:${real.port}`);
      expect(await overTls(embedded, 'GET', 'foo')).to.equal(
        `-MOVED 12182 127.0.0.1:${real.tlsPort}`,
      );
      const here = await real.ask('GET', 'bar');
      expect(here).to.equal(`-MOVED 5061 127.0.0.1:${embedded.port}`);
      expect(await overTls(real, 'GET', 'bar')).to.equal(
        `-MOVED 5061 127.0.0.1:${embedded.tlsPort}`,
      );
    });

    it('migrates keys between both kinds, over TLS', async () => {
      const move = async (from: Peer, to: Peer, key: string): Promise<void> => {
        const slot = (await from.ask('CLUSTER', 'KEYSLOT', key)).slice(1);
        await from.call('SET', key, `value of ${key}`);
        await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id);
        await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id);
        const migrate = ['MIGRATE', '127.0.0.1', String(to.tlsPort), key, '0', '5000'];
        expect(await from.ask(...migrate)).to.equal('+OK');
        expect(await from.ask('CLUSTER', 'COUNTKEYSINSLOT', slot)).to.equal(':0');
        expect(await to.ask('CLUSTER', 'COUNTKEYSINSLOT', slot)).to.equal(':1');
        for (const peer of [to, from]) await peer.call('CLUSTER', 'SETSLOT', slot, 'NODE', to.id);
        expect(await to.ask('GET', key)).to.equal(`value of ${key}`);
      };
      await move(embedded, real, 'bar');
      await move(real, embedded, 'foo');
      const answers = await Promise.all(
        [
          [embedded, 'hello', real],
          [real, 'a', embedded],
        ].map(async ([from, key, to]) => {
          await (from as Peer).call('SET', key as string, '1');
          const { port } = to as Peer;
          return (from as Peer).ask(
            'MIGRATE',
            '127.0.0.1',
            String(port),
            key as string,
            '0',
            '1000',
          );
        }),
      );
      expect(answers[0], 'a port without TLS').to.match(/^-IOERR/);
      expect(answers[0]).to.equal(answers[1]);
    });

    it('closes who shows no certificate on the bus, and stays as it is', async () => {
      const busPort = embedded.tlsPort + 10_000;
      const refused = await RespClient.openTls(busPort, clientOptions(certificates)).then(
        async (client) => {
          await new Promise((resolve) => client.socket.once('close', resolve));
          return client.isClosed;
        },
        () => true,
      );
      expect(refused).to.equal(true);
      const plain = createConnection({ port: busPort, host: '127.0.0.1' });
      await once(plain, 'connect');
      plain.on('error', () => undefined);
      plain.write('RCmb'.repeat(1000));
      await new Promise((resolve) => plain.once('close', resolve));
      await settled(peers);
    });

    it('announces other ports when it is told to', async () => {
      for (const peer of peers) {
        await peer.call(
          'CONFIG',
          'SET',
          'cluster-announce-tls-port',
          String((peer.tlsPort % 1000) + 1),
        );
        await peer.call('CONFIG', 'SET', 'cluster-announce-port', String((peer.port % 1000) + 1));
      }
      await waitUntil('both show the announced ports of both', async () => {
        for (const peer of peers) {
          for (const about of peers) {
            const line = await lineAbout(peer, about);
            expect(line?.address).to.match(new RegExp(`:${(about.port % 1000) + 1}@`));
            const nodes = await overTls(peer, 'CLUSTER', 'NODES');
            expect(nodes).to.include(`:${(about.tlsPort % 1000) + 1}@`);
          }
        }
        return true;
      });
    });
  });
});
