/** Replication over TLS, with a real server at either end. */
import { expect } from 'chai';
import { type Certificates, hasOpenssl, makeCertificates } from '../support/certificates.js';
import { freePort } from '../support/free-port.js';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import {
  equal,
  info,
  linked,
  type Make,
  type Server,
  Servers,
  text,
  writeLoad,
} from './repl-support.js';
import { tlsDirectives } from './tls-support.js';

const PAIRS: readonly (readonly [primary: Make, replica: Make])[] = [
  ['real', 'embedded'],
  ['embedded', 'real'],
  ['embedded', 'embedded'],
];

describe('replication over TLS', function () {
  this.timeout(30_000);
  const servers = new Servers();
  let certificates: Certificates;
  before(function () {
    if (!hasRedisServer() || !hasOpenssl()) this.skip();
    certificates = makeCertificates();
  });
  afterEach(() => servers.stop());
  after(() => certificates.remove());

  async function start(make: Make, config: Record<string, string> = {}): Promise<[Server, string]> {
    const tlsPort = String(await freePort());
    const server = await servers.start(make, {
      'tls-port': tlsPort,
      'tls-replication': 'yes',
      ...tlsDirectives(certificates),
      ...config,
    });
    return [server, tlsPort];
  }

  for (const [primaryMake, replicaMake] of PAIRS) {
    it(`${replicaMake} replica of ${primaryMake} primary: equal data, and its TLS port announced`, async () => {
      const [primary, primaryPort] = await start(primaryMake);
      const [replica, replicaPort] = await start(replicaMake);
      for (let at = 0; at < 500; at++)
        void primary.client.call('SET', `k${at}`, 'v'.repeat(at * 10));
      const load = writeLoad(primary, 7);
      await replica.client.call('REPLICAOF', '127.0.0.1', primaryPort);
      await linked(replica);
      expect(await load.stop()).to.be.greaterThan(0);
      await equal(primary, replica);
      expect((await info(primary)).get('slave0')).to.include(`port=${replicaPort},state=online`);
      // Half done, and gone on with after a break of the link.
      await primary.client.call('CLIENT', 'KILL', 'TYPE', 'replica');
      await primary.client.call('SET', 'after', 'the break');
      await linked(replica);
      await equal(primary, replica);
      const [full, partial] = await Promise.all(
        ['sync_full', 'sync_partial_ok'].map(async (name) =>
          (await info(primary, 'stats')).get(name),
        ),
      );
      expect({ full, partial }).to.deep.equal({ full: '1', partial: '1' });
    });
  }

  it('goes over to TLS, and shows the certificate for clients, when it is told so', async () => {
    const [primary, primaryPort] = await start('real');
    const [replica] = await start('embedded', { 'tls-replication': 'no' });
    await replica.client.call('REPLICAOF', '127.0.0.1', primaryPort);
    await waitUntil('the primary has hung up on plain text', () =>
      replica.log.some((line) => /link to the primary .* is down/.test(line)),
    );
    const { client } = certificates;
    expect(
      await text(
        replica,
        ...['CONFIG', 'SET', 'tls-replication', 'yes'],
        ...['tls-client-cert-file', client.certificate, 'tls-client-key-file', client.key],
      ),
    ).to.equal('OK');
    await linked(replica);
    await equal(primary, replica);
  });

  it('does not speak to a primary whose certificate it does not trust, and says so', async () => {
    const { stranger } = certificates;
    const [, primaryPort] = await start('real', {
      'tls-cert-file': stranger.certificate,
      'tls-key-file': stranger.key,
    });
    const [replica] = await start('embedded');
    await replica.client.call('REPLICAOF', '127.0.0.1', primaryPort);
    await waitUntil('the log tells', () =>
      replica.log.some((line) => /link to the primary .* is down: self-signed/.test(line)),
    );
    expect((await info(replica)).get('master_link_status')).to.equal('down');
  });
});
