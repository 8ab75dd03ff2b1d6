/** Nodes of trib/testing that speak TLS, with certificates that the caller has made. */
import { Cluster } from 'ioredis';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { startCluster, startNode, type TlsFiles } from '../../src/testing.js';
import { RespClient, show } from '../node/resp-client.js';
import { type Certificates, hasOpenssl, makeCertificates } from '../support/certificates.js';
import { rejectionOf } from '../support/thrown-by.js';
import { waitUntil } from '../support/wait.js';

describe('trib/testing with TLS', function () {
  this.timeout(60_000);
  let certificates: Certificates;
  let tls: TlsFiles;
  before(function () {
    if (!hasOpenssl()) this.skip();
    certificates = makeCertificates();
    const { server, authority } = certificates;
    tls = { certFile: server.certificate, keyFile: server.key, caFile: authority };
  });
  after(() => certificates.remove());

  const known = (): { ca: Buffer; cert: Buffer; key: Buffer } => ({
    ca: readFileSync(certificates.authority),
    cert: readFileSync(certificates.client.certificate),
    key: readFileSync(certificates.client.key),
  });

  it('forms a cluster that a client, the bus and replication know by TLS alone, and fails over', async () => {
    await using cluster = await startCluster({ tls, password: 'secret', nodeTimeoutMs: 1_000 });
    const client = new Cluster([...cluster.addresses], {
      redisOptions: { tls: known(), password: 'secret' },
    });
    try {
      expect(await client.set('a', '1')).to.equal('OK');
      await cluster.waitForConverged();
      const owner = cluster.ownerOf('a');
      expect(owner.url).to.equal(`rediss://:secret@${owner.address}`);
      const heir = await cluster.failover(owner);
      expect(await client.get('a')).to.equal('1');
      await cluster.kill(heir);
      await cluster.waitForConverged();
      await cluster.restart(heir);
      await cluster.waitForConverged();
      expect(heir.role).to.equal('replica');
      expect(await client.get('a')).to.equal('1');
      await cluster.flush();
      expect(await client.get('a')).to.equal(null);
    } finally {
      client.disconnect();
    }
  });

  it('cuts nodes off as without it', async () => {
    await using cluster = await startCluster({ tls, nodeTimeoutMs: 1_000 });
    const owner = cluster.ownerOf('a');
    const partition = cluster.partition(owner);
    await cluster.waitUntil('a replica has taken over', () => cluster.ownerOf('a') !== owner);
    partition.heal();
    await cluster.waitForConverged();
    expect(owner.role).to.equal('replica');
  });

  it('answers nothing on a connection that stands while it is paused, and everything after', async () => {
    await using node = await startNode({ tls });
    const client = await RespClient.openTls(node.port, known());
    expect(show(await client.call('PING'))).to.equal('+PONG');
    node.pause();
    let isAnswered = false;
    const late = client.call('DBSIZE').finally(() => (isAnswered = true));
    // Whoever is not paused answers this process ten times meanwhile.
    await using other = await startNode({ tls });
    const quick = await RespClient.openTls(other.port, known());
    for (let round = 0; round < 10; round++) await quick.call('PING');
    expect(isAnswered).to.equal(false);
    node.resume();
    expect(show(await late)).to.equal(':0');
    client.close();
    quick.close();
  });

  it('asks for a certificate, unless its configuration does not', async () => {
    await using node = await startNode({ tls, config: { 'tls-auth-clients': 'no' } });
    const client = await RespClient.openTls(node.port, { ca: readFileSync(tls.caFile) });
    expect(show(await client.call('PING'))).to.equal('+PONG');
    client.close();
    await using strict = await startNode({ tls });
    const stranger = await RespClient.openTls(strict.port, { ca: readFileSync(tls.caFile) });
    await waitUntil('it is turned away', () => stranger.isClosed);
  });

  it('names the file it cannot read, and starts nothing', async () => {
    const missing = { ...tls, caFile: '/nowhere/ca.crt' };
    for (const start of [startCluster, startNode]) {
      const error = await rejectionOf(start({ tls: missing }));
      expect(error).to.have.property('code', 'BAD_CONFIG');
      expect(String(error)).to.contain('/nowhere/ca.crt');
    }
  });
});
