/** Passwords, users, TLS, NAT, terminals and signals: how servers and people are reached. */
import { expect } from 'chai';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasOpenssl, makeCertificates, type Certificates } from '../support/certificates.js';
import { startDelayProxy } from '../support/delay-proxy.js';
import { freePort } from '../support/free-port.js';
import { hasRedisServer, redisCli, startRealServer } from '../support/real-server.js';
import { hasTerminal, openTerminal } from '../support/terminal.js';
import { waitUntil } from '../support/wait.js';
import { PROGRAM, runTrib, startTrib, tribJson } from '../cli/run-trib.js';
import { ServerPool, addressOf, clusterInfo, isBlank, nodeTimeoutOf } from './real-cluster.js';

describe('reaching servers and people', function () {
  this.timeout(60_000);
  const pool = new ServerPool();
  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  afterEach(() => pool.stop());

  describe('passwords', () => {
    const secret = 'Geheim-7Ü %s';

    it('says that a password is missing, or wrong, and never shows the one given', async () => {
      const [server] = await pool.start(1, { config: { requirepass: secret } });
      const missing = await tribJson(['check', addressOf(server!)]);
      expect(missing.document.error.code).to.equal('AUTH_FAILED');
      expect(missing.document.error.hints.join()).to.include('-a');
      const wrong = await runTrib(['check', addressOf(server!), '-a', 'falsch-xyz', '--verbose']);
      expect(wrong.status).to.equal(1);
      expect(wrong.stderr).to.include('refuses the password');
      expect(wrong.stderr + wrong.stdout).to.not.include('falsch-xyz');
    });

    it('takes them from the option, a file, both variables, a URI and standard input', async () => {
      const servers = await pool.start(3, {
        config: { requirepass: secret, masterauth: secret },
      });
      const env = { REDISCLI_AUTH: secret };
      const made = await runTrib(['create', '--yes', ...servers.map(addressOf)], { env });
      expect(made.status, made.stderr).to.equal(0);
      const entry = addressOf(servers[0]!);
      const folder = mkdtempSync(join(tmpdir(), 'trib-pass-'));
      try {
        const file = join(folder, 'password');
        writeFileSync(file, `${secret}\n`);
        chmodSync(file, 0o600);
        const uri = `redis://:${encodeURIComponent(secret)}@${entry}`;
        const ways: readonly [string[], object][] = [
          [['check', entry, '-a', secret], {}],
          [['check', entry, '--pass', secret], {}],
          [['check', entry, '--password-file', file], {}],
          [['check', entry], { env: { VALKEYCLI_AUTH: secret } }],
          [['check', uri], {}],
          [['check', entry, '-u', uri], {}],
          [['check', entry, '--askpass'], { input: `${secret}\n` }],
        ];
        for (const [args, options] of ways) {
          const { status, stderr } = await runTrib(args, options);
          expect(status, `${args[0]!} ${args[2] ?? 'uri'}: ${stderr}`).to.equal(0);
          expect(stderr).to.not.include(secret);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    it('logs in as an ACL user, and names the permission a user lacks', async () => {
      const [server] = await pool.start(1);
      redisCli(server!.port, 'ACL', 'SETUSER', 'watcher', 'on', '>eye', '+info', '+ping');
      const { document } = await tribJson([
        'check',
        addressOf(server!),
        '--user',
        'watcher',
        '-a',
        'eye',
      ]);
      expect(document.error.code).to.equal('AUTH_FAILED');
      expect(document.error.message).to.include('CLUSTER NODES');
      redisCli(server!.port, 'ACL', 'SETUSER', 'watcher', '+cluster');
      const seen = await tribJson(['info', addressOf(server!), '--user', 'watcher', '-a', 'eye']);
      expect(seen.status).to.equal(0);
    });
  });

  describe('TLS', () => {
    let certificates: Certificates;
    before(function () {
      if (!hasOpenssl()) this.skip();
      certificates = makeCertificates();
    });
    after(() => certificates.remove());

    it('creates and checks a cluster that speaks TLS only, and verifies certificates unless told not to', async () => {
      const { authority: ca, server, client } = certificates;
      const ports = await Promise.all([freePort(), freePort(), freePort()]);
      const servers = await Promise.all(
        ports.map((port) =>
          startRealServer({
            port,
            nodeTimeoutMs: 15_000,
            config: {
              port: '0',
              'tls-port': String(port),
              'tls-cluster': 'yes',
              'tls-replication': 'yes',
              'tls-cert-file': server.certificate,
              'tls-key-file': server.key,
              'tls-ca-cert-file': ca,
            },
          }),
        ),
      );
      try {
        const tls = ['--tls', '--cacert', ca, '--cert', client.certificate, '--key', client.key];
        const addresses = servers.map(addressOf);
        const made = await runTrib(['create', '--yes', ...tls, ...addresses]);
        expect(made.status, made.stderr).to.equal(0);
        const check = await tribJson(['check', `rediss://${addresses[1]!}`, ...tls.slice(1)]);
        expect(check.document.healthy).to.equal(true);
        const unverified = await tribJson(['check', addresses[0]!, '--tls', ...tls.slice(3)]);
        expect(unverified.document.error.code).to.equal('NODE_UNREACHABLE');
        expect(unverified.document.error.message).to.include('TLS');
        const insecure = await runTrib([
          'check',
          addresses[0]!,
          '--tls',
          '--insecure',
          ...tls.slice(3),
        ]);
        expect(insecure.status, insecure.stderr).to.equal(0);
        const called = await runTrib(['call', ...tls, addresses[0]!, 'PING']);
        expect(called.stdout.match(/: PONG$/gm)).to.have.length(3);
        const plain = await runTrib(['check', addresses[0]!]);
        expect(plain.status).to.equal(5);
      } finally {
        await Promise.all(servers.map((server) => server.stop()));
      }
    });
  });

  it('translates addresses that are announced and cannot be reached, both ways', async () => {
    const servers = await pool.start(3, { config: { 'cluster-announce-ip': '127.0.0.1' } });
    const proxies = await Promise.all(
      servers.map(({ port }) =>
        startDelayProxy({ target: { host: '127.0.0.1', port }, delayMs: 1 }),
      ),
    );
    try {
      const maps = servers.flatMap((server, at) => [
        ...['--nat-map', `${addressOf(server)}=127.0.0.1:${proxies[at]!.port}`],
      ]);
      const reachable = proxies.map(({ port }) => `127.0.0.1:${port}`);
      const made = await runTrib(['create', '--yes', ...maps, ...reachable]);
      expect(made.status, made.stderr).to.equal(0);
      const { document } = await tribJson(['check', reachable[0]!, ...maps]);
      expect(document.healthy).to.equal(true);
    } finally {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
    }
  });

  it('writes nothing after a closed pipe, and no stack', async () => {
    const servers = await pool.start(3);
    await runTrib(['create', '--yes', ...servers.map(addressOf)]);
    const running = startTrib(['check', addressOf(servers[0]!)]);
    running.process.stdout!.destroy();
    const { stderr } = await running.ended;
    expect(stderr).to.equal('');
  });

  describe('at a terminal', () => {
    before(function () {
      if (!hasTerminal()) this.skip();
    });

    it('asks, takes "yes" typed in full, and shows the question as redis-trib does', async () => {
      const servers = await pool.start(3);
      const terminal = openTerminal(process.execPath, [
        PROGRAM,
        'create',
        ...servers.map(addressOf),
      ]);
      try {
        await terminal.see("Can I set the above configuration? (type 'yes' to accept):");
        terminal.type('yes\r');
        expect(await terminal.ended).to.equal(0);
        expect(terminal.text()).to.match(
          /^ *Can I set the above configuration\? \(type 'yes' to accept\): yes\s*$/m,
        );
        expect(terminal.text()).to.include('[OK] All 16384 slots covered.');
      } finally {
        await terminal.stop();
      }
    });

    it('asks for a password without showing it', async () => {
      const [server] = await pool.start(1, { config: { requirepass: 'unsichtbar' } });
      const terminal = openTerminal(process.execPath, [
        PROGRAM,
        'info',
        addressOf(server!),
        '--askpass',
      ]);
      try {
        await terminal.see('Please input password:');
        terminal.type('unsichtbar\r');
        expect(await terminal.ended).to.equal(0);
        expect(terminal.text()).to.include('0 keys in 1 masters');
        expect(terminal.text()).to.not.include('unsichtbar');
      } finally {
        await terminal.stop();
      }
    });

    it('declines on anything else, and Ctrl-C at the question changes nothing', async () => {
      const servers = await pool.start(3);
      for (const [keys, status] of [
        ['ye\r', 3],
        ['\u0003', 130],
      ] as const) {
        const terminal = openTerminal(process.execPath, [
          PROGRAM,
          'create',
          ...servers.map(addressOf),
        ]);
        try {
          await terminal.see("(type 'yes' to accept):");
          terminal.type(keys);
          expect(await terminal.ended).to.equal(status);
        } finally {
          await terminal.stop();
        }
      }
      for (const server of servers) expect(isBlank(server)).to.equal(true);
    });
  });

  describe('signals', () => {
    for (const name of ['SIGTERM', 'SIGHUP'] as const) {
      it(`${name} undoes a create that waits`, async () => {
        const servers = [
          ...(await pool.start(2)),
          ...(await pool.start(1, {
            config: { 'cluster-announce-bus-port': String(await freePort()) },
          })),
        ];
        const running = startTrib(['create', '--yes', ...servers.map(addressOf)]);
        await waitUntil('it waits', () => running.stdout().includes('Waiting for the cluster'));
        running.process.kill(name);
        expect((await running.ended).status).to.equal(130);
        for (const server of servers) expect(isBlank(server)).to.equal(true);
      });
    }

    it('a second one ends at once, and still puts the node timeouts back', async () => {
      const servers = [
        ...(await pool.start(2)),
        ...(await pool.start(1, {
          config: { 'cluster-announce-bus-port': String(await freePort()) },
        })),
      ];
      const running = startTrib(['create', '--yes', ...servers.map(addressOf)]);
      await waitUntil('it waits', () => running.stdout().includes('Waiting for the cluster'));
      running.process.kill('SIGINT');
      await waitUntil('it undoes', () => running.stdout().includes('Undoing'));
      running.process.kill('SIGINT');
      expect((await running.ended).status).to.equal(130);
      for (const server of servers) {
        expect(nodeTimeoutOf(server)).to.equal(15_000);
        expect(clusterInfo(server, 'cluster_state')).to.be.a('string');
      }
    });
  });
});
