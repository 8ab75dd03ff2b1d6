/** `trib node` as operators and start scripts meet it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Certificates, hasOpenssl, makeCertificates } from '../../../support/certificates.js';
import { freePort } from '../../../support/free-port.js';
import { waitUntil } from '../../../support/wait.js';
import { ask, pairsOf, textOf } from '../../../integration/config-link.js';
import { RespClient, show } from '../../resp-client.js';
import { newFolder, spawnNode, startNodeProcess, stopAll, willStop } from './node-process.js';

describe('trib node', function () {
  this.timeout(40_000);
  afterEach(stopAll);

  it('takes a file, then directives, and later words win', async () => {
    const dir = newFolder();
    const port = await freePort();
    writeFileSync(join(dir, 'a.conf'), 'port 1\ninclude inc-*.conf\nmaxclients 77\n');
    writeFileSync(join(dir, 'inc-1.conf'), 'timeout 5\nhz 20\n');
    writeFileSync(join(dir, 'inc-2.conf'), 'hz 30\n');
    const args = ['a.conf', '--port', String(port), '--save', '', '--tcp-keepalive 60'];
    await startNodeProcess(args, dir);
    const [reply] = await ask(port, [
      [
        'CONFIG',
        'GET',
        'port',
        'maxclients',
        'timeout',
        'hz',
        'save',
        'tcp-keepalive',
        'dir',
        'bind',
      ],
    ]);
    expect(Object.fromEntries(pairsOf(reply))).to.deep.equal({
      port: String(port),
      maxclients: '77',
      timeout: '5',
      hz: '30',
      save: '',
      'tcp-keepalive': '60',
      dir,
      bind: '127.0.0.1 -::1',
    });
  });

  it('reads more of its configuration from the standard input', async () => {
    const port = await freePort();
    await startNodeProcess(['--hz', '11', '-'], newFolder(), `port ${port}\n`);
    const [reply] = await ask(port, [['CONFIG', 'GET', 'hz']]);
    expect(pairsOf(reply).get('hz')).to.equal('11');
  });

  const BAD: readonly (readonly [claim: string, file: string, line: number, reason: RegExp])[] = [
    [
      'a misspelt directive',
      'port 7000\n\ncluster-enabeld yes\n',
      3,
      /Did you mean 'cluster-enabled'/,
    ],
    ['a bad value', '# x\nport 7000\ntimeout soon\n', 3, /couldn't be parsed into an integer/],
    ['an open quote', 'dir "x\n', 1, /Unbalanced quotes/],
    ['a port out of range', 'port 70000\n', 1, /between 0 and 65535/],
    ['a unix socket, which is not served', 'unixsocket x\n', 1, /not served; use bind/],
    ['an include that is not there', 'include nowhere.conf\n', 1, /cannot open the included file/],
    ['a file that includes itself', 'include bad.conf\n', 1, /without end/],
  ];
  for (const [claim, file, line, reason] of BAD) {
    it(`refuses ${claim}: the file, the line and the reason, exit 1`, async () => {
      const dir = newFolder();
      writeFileSync(join(dir, 'bad.conf'), file);
      const node = spawnNode(['bad.conf'], dir);
      expect(await node.ended).to.equal(1);
      expect(node.output()).to.contain('FATAL CONFIG ERROR');
      expect(node.output()).to.contain(`${join(dir, 'bad.conf')}, at line ${line}:`);
      expect(node.output()).to.contain(`>>> '${file.split('\n')[line - 1]!}'`);
      expect(node.output()).to.match(reason);
      expect(node.output()).not.to.match(/\n +at /);
    });
  }

  it('says its version as redis-server does, and is done', async () => {
    for (const option of ['-v', '--version']) {
      const node = spawnNode([option], newFolder());
      expect(await node.ended).to.equal(0);
      expect(node.output()).to.equal('Redis server v=7.0.15 trib=0.0.0-test bits=64\n');
    }
  });

  it('does not show a password of a line that is wrong', async () => {
    const node = spawnNode(['--requirepass', 'sesame', 'again'], newFolder());
    expect(await node.ended).to.equal(1);
    expect(node.output()).to.contain('wrong number of arguments').and.not.to.contain('sesame');
  });

  it('refuses a file that is not there, a folder that is not there and replicaof in a cluster', async () => {
    const dir = newFolder();
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['--bogus', 'x'], /In the command line:\n>>> '--bogus x'\nBad directive/],
      [
        ['nowhere.conf'],
        /cannot open the config file [^ ]*nowhere\.conf: No such file or directory$/m,
      ],
      [['--dir', '/no/such/folder'], /no such folder/],
      [
        ['--cluster-enabled', 'yes', '--replicaof', '127.0.0.1', '1'],
        /not allowed in cluster mode/,
      ],
      [['--logfile', '/no/such/folder/x.log'], /cannot open the log file/],
    ];
    for (const [args, expected] of cases) {
      const node = spawnNode(args, dir);
      expect(await node.ended, args.join(' ')).to.equal(1);
      expect(node.output()).to.match(expected);
    }
  });

  it('says which port is in use, and exits 1', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = taken.address() as { port: number };
      const node = spawnNode(['--port', String(port)], newFolder());
      expect(await node.ended).to.equal(1);
      expect(node.output()).to.contain(`127.0.0.1:${port} is in use`);
    } finally {
      taken.close();
    }
  });

  it('refuses a corrupt nodes.conf and leaves it as it is', async () => {
    const dir = newFolder();
    const garbage = 'this is no node line\n';
    writeFileSync(join(dir, 'nodes.conf'), garbage);
    const args = ['--port', String(await freePort()), '--cluster-enabled', 'yes'];
    const node = spawnNode(args, dir);
    expect(await node.ended).to.equal(1);
    expect(node.output()).to.contain('nodes.conf');
    expect(readFileSync(join(dir, 'nodes.conf'), 'utf8')).to.equal(garbage);
  });

  it('writes its log and its pid file into dir, and removes the latter at the end', async () => {
    const dir = newFolder();
    mkdirSync(join(dir, 'data'));
    const port = await freePort();
    const node = spawnNode(
      ['--port', String(port), '--dir', 'data', '--logfile', 'node.log', '--pidfile', 'node.pid'],
      dir,
    );
    const log = join(dir, 'data', 'node.log');
    await waitUntil('the log says it listens', () =>
      readFileSync(log, 'utf8').includes('Ready to accept connections'),
    );
    const pidFile = join(dir, 'data', 'node.pid');
    expect(readFileSync(pidFile, 'utf8')).to.equal(`${node.child.pid!}\n`);
    node.child.kill('SIGTERM');
    expect(await node.ended).to.equal(0);
    expect(existsSync(pidFile)).to.equal(false);
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    const form = new RegExp(
      `^${node.child.pid!}:[CMS] \\d\\d [A-Z][a-z]{2} \\d{4} [0-9:.]{12} [*#.-] .`,
    );
    for (const line of lines) expect(line).to.match(form);
    expect(lines.join('\n')).to.contain(`port ${port}`).and.to.contain('standalone');
  });

  it('serves without its pid file, and says so', async () => {
    const port = await freePort();
    const args = ['--port', String(port), '--pidfile', '/no/such/folder/x.pid'];
    const node = await startNodeProcess(args, newFolder());
    expect(node.output()).to.match(/WARNING: pid file not written/);
  });

  it('ends in good order on SIGINT, ignores SIGHUP, and ends when SHUTDOWN asks', async () => {
    const port = await freePort();
    const first = await startNodeProcess(['--port', String(port)], newFolder());
    first.child.kill('SIGHUP');
    expect(textOf((await ask(port, [['PING']]))[0])).to.equal('PONG');
    first.child.kill('SIGINT');
    expect(await first.ended).to.equal(0);
    const second = await startNodeProcess(['--port', String(port)], newFolder());
    await ask(port, [['SHUTDOWN', 'NOSAVE']]);
    expect(await second.ended).to.equal(0);
  });

  it('daemonize: the parent ends with 0 once the child listens', async () => {
    const dir = newFolder();
    const port = await freePort();
    const args = [
      '--port',
      String(port),
      '--daemonize',
      'yes',
      '--pidfile',
      'd.pid',
      '--logfile',
      'd.log',
    ];
    const parent = spawnNode(args, dir);
    expect(await parent.ended, parent.output()).to.equal(0);
    const pid = Number(readFileSync(join(dir, 'd.pid'), 'utf8'));
    willStop(pid);
    expect(pid).not.to.equal(parent.child.pid);
    expect(textOf((await ask(port, [['PING']]))[0])).to.equal('PONG');
    process.kill(pid, 'SIGTERM');
    await waitUntil('the daemon is gone', () => !existsSync(join(dir, 'd.pid')));
  });

  it("daemonize: the parent fails with the child's reason", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = taken.address() as { port: number };
      const parent = spawnNode(['-'], newFolder(), `port ${port}\ndaemonize yes\n`);
      expect(await parent.ended).to.equal(1);
      expect(parent.output()).to.contain(`127.0.0.1:${port} is in use`);
    } finally {
      taken.close();
    }
  });

  describe('with TLS', () => {
    let certificates: Certificates;
    before(function () {
      if (!hasOpenssl()) this.skip();
      certificates = makeCertificates();
    });
    after(() => certificates.remove());

    const tlsArgs = (port: number, key: string): string[] => [
      ...['--port', '0', '--tls-port', String(port), '--tls-key-file', key],
      ...['--tls-cert-file', certificates.server.certificate],
      ...['--tls-ca-cert-file', certificates.authority, '--tls-auth-clients', 'no'],
    ];

    it('listens on the TLS port alone, and says so', async () => {
      const port = await freePort();
      const node = await startNodeProcess(tlsArgs(port, certificates.server.key), newFolder());
      expect(node.output()).to.include(`Listening on port ${port} (TLS) of`);
      const client = await RespClient.openTls(port, { rejectUnauthorized: false });
      expect(show(await client.call('PING'))).to.equal('+PONG');
      client.close();
    });

    it('ends with status 1 and names the file that is wrong', async () => {
      const { key } = certificates.stranger;
      const node = spawnNode(tlsArgs(await freePort(), key), newFolder());
      expect(await node.ended).to.equal(1);
      expect(node.output()).to.match(/Failed to load private key: .*stranger.key: error:05800074/);
      expect(node.output()).to.include('Failed to configure TLS.');
    });
  });
});
