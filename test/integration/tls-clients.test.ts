/** The TLS port of the embedded node: who gets in, who does not, and what the log says about it. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { RespClient, show } from '../node/resp-client.js';
import { type Certificates, hasOpenssl, makeCertificates } from '../support/certificates.js';
import { freePort } from '../support/free-port.js';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { rejectionOf } from '../support/thrown-by.js';
import { clientOptions, tlsCli, tlsDirectives } from './tls-support.js';

function tlsOf({ socket }: RespClient): TLSSocket {
  if (socket instanceof TLSSocket) return socket;
  throw new Error('not encrypted');
}

describe('clients over TLS', function () {
  this.timeout(30_000);
  let certificates: Certificates;
  let node: EmbeddedNode | undefined;
  let log: string[] = [];

  before(function () {
    if (!hasOpenssl()) this.skip();
    certificates = makeCertificates();
  });
  afterEach(async () => {
    await node?.stop();
    node = undefined;
    log = [];
  });
  after(() => certificates.remove());

  async function start(config: Record<string, string> = {}): Promise<number> {
    const tlsPort = await freePort();
    node = await startNode({
      config: { port: '0', 'tls-port': String(tlsPort), ...tlsDirectives(certificates), ...config },
      log: (level, text) => void log.push(`${level}: ${text}`),
    });
    return tlsPort;
  }

  /** `once` would take its error for a failure of ours. */
  const closed = (socket: Socket): Promise<unknown> =>
    new Promise((resolve) => socket.once('close', resolve));

  const logged = (text: string): Promise<void> =>
    waitUntil(`the log says ${text}`, () => log.some((line) => line.includes(text)));

  /** PONG, or that there is no answer. */
  async function ping(port: number, pair?: Certificates['client']): Promise<string> {
    try {
      const client = await RespClient.openTls(port, clientOptions(certificates, pair));
      const reply = show(await client.call('PING'));
      client.close();
      return reply;
    } catch {
      return 'refused';
    }
  }

  it('serves redis-cli, and no plain port where port is 0', async function () {
    if (!hasRedisServer()) this.skip();
    const port = await start();
    expect(node!.port).to.equal(0);
    expect(node!.tlsPort).to.equal(port);
    expect((await tlsCli(port, certificates, ['set', 'a', 'b'])).output).to.equal('OK');
    expect((await tlsCli(port, certificates, ['get', 'a'])).output).to.equal('b');
    const info = (await tlsCli(port, certificates, ['info', 'server'])).output;
    expect(info).to.include(`tcp_port:${port}`);
  });

  it('serves both ports at once, and ioredis on each', async () => {
    const plainPort = await freePort();
    const port = await start({ port: String(plainPort) });
    const plain = new Redis({ port: plainPort, host: '127.0.0.1' });
    const tls = clientOptions(certificates, certificates.client);
    const secure = new Redis({
      port,
      host: '127.0.0.1',
      tls: { ...tls, checkServerIdentity: () => undefined },
    });
    try {
      await plain.set('key', 'x'.repeat(3_000_000));
      expect(await secure.strlen('key')).to.equal(3_000_000);
      expect((await secure.get('key'))!.length).to.equal(3_000_000);
      expect(await secure.info('server')).to.include(`tcp_port:${plainPort}`);
    } finally {
      plain.disconnect();
      secure.disconnect();
    }
  });

  it('asks for a certificate unless told otherwise, at start and while it runs', async () => {
    const port = await start();
    const { client, stranger } = certificates;
    expect(await ping(port, client)).to.equal('+PONG');
    expect(await ping(port)).to.equal('refused');
    expect(await ping(port, stranger)).to.equal('refused');
    await logged(
      'warning: Error accepting a client connection: error:0A0000C7:SSL routines::peer did not return a certificate',
    );
    await logged('Error accepting a client connection: certificate verify failed');
    const { config } = node!.wings;
    expect(config.set('tls-auth-clients', 'optional')).to.equal(undefined);
    expect(await ping(port, client)).to.equal('+PONG');
    expect(await ping(port)).to.equal('+PONG');
    expect(await ping(port, stranger)).to.equal('refused');
    expect(config.set('tls-auth-clients', 'no')).to.equal(undefined);
    expect(await ping(port)).to.equal('+PONG');
    expect(await ping(port, stranger)).to.equal('+PONG');
  });

  it('closes who speaks no TLS, says nothing, or hangs up, and serves on', async () => {
    const port = await start();
    for (const bytes of [
      'PING\r\n',
      '*1\r\n$4\r\nPING\r\n',
      '\x16\x03\x01\xff\xff',
      'x'.repeat(70_000),
    ]) {
      const socket = createConnection({ port, host: '127.0.0.1' });
      socket.on('error', () => undefined);
      socket.write(bytes, 'latin1');
      socket.resume();
      await closed(socket);
    }
    await logged('error:0A00010B:SSL routines::wrong version number');
    const brief = createConnection({ port, host: '127.0.0.1' });
    await once(brief, 'connect');
    brief.destroy();
    await logged('unexpected eof while reading');
    expect(await ping(port, certificates.client)).to.equal('+PONG');
    const { counters } = node!.wings.stats;
    expect(counters.connectionsReceived, 'those who failed are no clients').to.equal(1);
  });

  it('survives junk in the middle of a session', async () => {
    const port = await start({ 'tls-auth-clients': 'no' });
    const toNode = createConnection({ port, host: '127.0.0.1' });
    toNode.on('error', () => undefined);
    const proxy = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.pipe(toNode).pipe(socket);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port: proxyPort } = proxy.address() as AddressInfo;
    const client = await RespClient.openTls(proxyPort, clientOptions(certificates));
    expect(show(await client.call('PING'))).to.equal('+PONG');
    toNode.write(Buffer.alloc(1000, 7));
    await closed(toNode);
    client.close();
    proxy.close();
    expect(await ping(port)).to.equal('+PONG');
  });

  it('counts those in their handshake as clients: maxclients bounds them', async () => {
    const port = await start({ maxclients: '3' });
    const mutes = [0, 1, 2].map(() => createConnection({ port, host: '127.0.0.1' }));
    await Promise.all(mutes.map((socket) => once(socket, 'connect')));
    const oneMore = createConnection({ port, host: '127.0.0.1' });
    oneMore.on('error', () => undefined);
    oneMore.resume();
    await closed(oneMore);
    await waitUntil('it was counted', () => node!.wings.stats.counters.connectionsRejected === 1);
    for (const socket of mutes) socket.destroy();
    await waitUntil('there is room again', async () => {
      return (await ping(port, certificates.client)) === '+PONG';
    });
  });

  it('stops while somebody is in the middle of a handshake', async () => {
    const port = await start();
    const mute = createConnection({ port, host: '127.0.0.1' });
    mute.on('error', () => undefined);
    mute.resume();
    await once(mute, 'connect');
    await Promise.all([node!.stop(), closed(mute)]);
  });

  describe('certificates', () => {
    /** The serial number of the certificate that is shown. */
    async function serialShown(port: number): Promise<string> {
      const client = await RespClient.openTls(port, { rejectUnauthorized: false });
      const { serialNumber } = tlsOf(client).getPeerCertificate();
      client.close();
      return serialNumber;
    }

    it('are exchanged with CONFIG SET, all of a call or none, or read again under their name', async () => {
      const { server, client, folder } = certificates;
      const pair = { cert: join(folder, 'live.crt'), key: join(folder, 'live.key') };
      copyFileSync(server.certificate, pair.cert);
      copyFileSync(server.key, pair.key);
      const port = await start({
        'tls-auth-clients': 'no',
        'tls-cert-file': pair.cert,
        'tls-key-file': pair.key,
      });
      const { config } = node!.wings;
      const before = await serialShown(port);
      const failure = (name: string): string =>
        `CONFIG SET failed (possibly related to argument '${name}') - Unable to update TLS configuration. Check server logs.`;
      expect(config.set('tls-cert-file', client.certificate)).to.equal(failure('tls-cert-file'));
      await logged('Failed to load private key: ' + pair.key + ': error:05800074');
      expect(config.get('tls-cert-file')).to.equal(pair.cert);
      expect(await serialShown(port)).to.equal(before);
      const both = [
        ['tls-cert-file', client.certificate],
        ['tls-key-file', client.key],
      ] as const;
      expect(config.setAll(both)).to.equal(undefined);
      const after = await serialShown(port);
      expect(after).to.not.equal(before);
      expect(
        config.setAll([
          ['tls-cert-file', pair.cert],
          ['tls-key-file', pair.key],
        ]),
      ).to.equal(undefined);
      expect(await serialShown(port)).to.equal(before);
      copyFileSync(client.certificate, pair.cert);
      copyFileSync(client.key, pair.key);
      expect(await serialShown(port), 'not before it is told').to.equal(before);
      expect(config.set('tls-cert-file', pair.cert)).to.equal(undefined);
      expect(await serialShown(port)).to.equal(after);
    });

    it('that cannot be used are told apart, and leave what was', async () => {
      const { folder, authority } = certificates;
      const port = await start();
      const { config } = node!.wings;
      const cases: [string, string, string][] = [
        ['tls-cert-file', '/no/such', 'Failed to load certificate: /no/such'],
        ['tls-key-file', authority, `Failed to load private key: ${authority}`],
        ['tls-ca-cert-file', '/no/such', 'Failed to configure CA certificate(s) file/directory'],
        ['tls-ca-cert-file', '', 'Either tls-ca-cert-file or tls-ca-cert-dir must be specified'],
        ['tls-cert-file', '', 'No tls-cert-file configured!'],
        ['tls-protocols', 'TLSv9', "Invalid tls-protocols specified. Use a combination of 'TLSv1'"],
        ['tls-ciphers', 'NONSENSE', 'Failed to configure ciphers: NONSENSE'],
        ['tls-ciphersuites', 'TLS_NONSENSE', 'Failed to configure ciphersuites: TLS_NONSENSE'],
        [
          'tls-dh-params-file',
          join(folder, 'ca.crt'),
          `${join(folder, 'ca.crt')}: failed to read DH params.`,
        ],
      ];
      for (const [name, value, complaint] of cases) {
        const was = config.get(name);
        expect(config.set(name, value), name).to.match(/Unable to update TLS configuration/);
        await logged(`warning: ${complaint}`);
        expect(config.get(name)).to.equal(was);
      }
      expect(await ping(port, certificates.client)).to.equal('+PONG');
    });

    it('that cannot be used end the start', async () => {
      const error = await rejectionOf(start({ 'tls-key-file': certificates.stranger.key }));
      expect(error).to.have.property('code', 'BAD_CONFIG');
      expect(String(error)).to.match(/Failed to load private key: .*: error:05800074:x509/);
    });

    it('may lie in a folder, and a key behind a passphrase', async () => {
      const { folder, authority, server } = certificates;
      const trusted = join(folder, 'trusted');
      mkdirSync(trusted);
      copyFileSync(authority, join(trusted, '0123abcd.0'));
      writeFileSync(join(trusted, 'README'), 'not a certificate');
      const key = join(folder, 'locked.key');
      execFileSync(
        'openssl',
        ['ec', '-in', server.key, '-aes128', '-passout', 'pass:geheim', '-out', key],
        { stdio: 'ignore' },
      );
      const port = await start({
        'tls-ca-cert-file': '',
        'tls-ca-cert-dir': trusted,
        'tls-key-file': key,
        'tls-key-file-pass': 'geheim',
      });
      expect(await ping(port, certificates.client)).to.equal('+PONG');
      expect(await ping(port, certificates.stranger)).to.equal('refused');
      expect(node!.wings.config.set('tls-key-file-pass', 'falsch')).to.match(/Unable to update/);
    });
  });

  describe('protocols and ciphers', () => {
    async function negotiated(port: number, options: object): Promise<string> {
      const all = { ...clientOptions(certificates), ...options };
      const client = await RespClient.openTls(port, all).catch(() => undefined);
      if (client === undefined) return 'refused';
      const socket = tlsOf(client);
      const spoken = `${socket.getProtocol() ?? '?'} ${socket.getCipher().standardName}`;
      client.close();
      return spoken;
    }

    it('are those of the directives', async () => {
      const port = await start({ 'tls-auth-clients': 'no', 'tls-protocols': 'TLSv1.2' });
      const { config } = node!.wings;
      expect(await negotiated(port, {})).to.match(/^TLSv1.2 /);
      expect(await negotiated(port, { minVersion: 'TLSv1.3' })).to.equal('refused');
      expect(config.set('tls-protocols', 'TLSv1.3')).to.equal(undefined);
      expect(config.set('tls-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256')).to.equal(undefined);
      expect(await negotiated(port, { maxVersion: 'TLSv1.2' })).to.equal('refused');
      expect(await negotiated(port, {})).to.equal('TLSv1.3 TLS_CHACHA20_POLY1305_SHA256');
      expect(config.set('tls-protocols', '')).to.equal(undefined);
      const ours = 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256';
      const theirs = {
        maxVersion: 'TLSv1.2',
        ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384',
      };
      expect(config.set('tls-ciphers', ours)).to.equal(undefined);
      expect(await negotiated(port, theirs)).to.match(/AES_128/);
      expect(config.set('tls-prefer-server-ciphers', 'yes')).to.equal(undefined);
      expect(await negotiated(port, theirs)).to.match(/AES_256/);
    });

    it('let a client resume its session, unless tls-session-caching is off', async () => {
      const port = await start({ 'tls-auth-clients': 'no', 'tls-protocols': 'TLSv1.2' });
      const resumes = async (): Promise<boolean> => {
        const first = await RespClient.openTls(port, clientOptions(certificates));
        const session = tlsOf(first).getSession();
        await first.call('PING');
        first.close();
        const options = { ...clientOptions(certificates), ...(session ? { session } : {}) };
        const second = await RespClient.openTls(port, options);
        const isReused = tlsOf(second).isSessionReused();
        second.close();
        return isReused;
      };
      expect(await resumes()).to.equal(true);
      expect(node!.wings.config.set('tls-session-caching', 'no')).to.equal(undefined);
      expect(await resumes()).to.equal(false);
    });
  });
});
