/** The helpers of the tests, tested: a helper that lies makes every test after it lie. */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { expect } from 'chai';
import { hasOpenssl, makeCertificates } from './certificates.js';
import { startDelayProxy } from './delay-proxy.js';
import { type Host, hasNamespaces, makeNetwork } from './netns.js';
import { hasTerminal, openTerminal } from './terminal.js';

describe('test helpers', () => {
  it('a delay proxy keeps order and holds each way back', async () => {
    const echo = createServer((socket) => socket.pipe(socket));
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    const target = { host: '127.0.0.1', port: (echo.address() as AddressInfo).port };
    const proxy = await startDelayProxy({ target, delayMs: 20 });
    try {
      const socket = connect(proxy.port, '127.0.0.1');
      const startedAt = performance.now();
      socket.write('one ');
      socket.write('two');
      const heard = await new Promise<string>((resolve) => {
        let text = '';
        socket.on('data', (chunk) => {
          text += chunk.toString();
          if (text.length === 7) resolve(text);
        });
      });
      socket.destroy();
      expect(heard).to.equal('one two');
      // A lower bound holds on the slowest machine.
      expect(performance.now() - startedAt).to.be.at.least(39);
    } finally {
      await proxy.stop();
      await new Promise((resolve) => echo.close(resolve));
    }
  });

  it('a terminal is a terminal, and passes keys and exit status', async function () {
    if (!hasTerminal()) return this.skip();
    const program = `process.stdout.write('tty ' + process.stdout.isTTY + ' ' + process.stdout.columns);
      process.stdin.once('data', (line) => { console.log('got ' + line); process.exit(7); });`;
    const terminal = openTerminal(process.execPath, ['-e', program], { columns: 91 });
    try {
      await terminal.see('tty true 91');
      terminal.type('yes\r');
      await terminal.see('got yes');
      expect(await terminal.ended).to.equal(7);
    } finally {
      await terminal.stop();
    }
  });

  it('certificates are signed by their authority, the stranger by nobody', function () {
    if (!hasOpenssl()) return this.skip();
    const made = makeCertificates();
    const verify = (certificate: string): string =>
      execFileSync('openssl', ['verify', '-CAfile', made.authority, certificate], {
        stdio: ['ignore', 'pipe', 'ignore'],
      }).toString();
    try {
      expect(verify(made.server.certificate)).to.contain('OK');
      expect(verify(made.client.certificate)).to.contain('OK');
      expect(() => verify(made.stranger.certificate)).to.throw();
    } finally {
      made.remove();
    }
  });

  it('hosts of a small network reach each other until a cable is pulled', async function () {
    if (!hasNamespaces()) return this.skip();
    const network = makeNetwork(2);
    const [first, second] = network.hosts as [Host, Host];
    const listener = runOn(
      first,
      `require('net').createServer().listen(7000, '${first.address}', () => console.log('ready'))`,
    );
    const knock = `const socket = require('net').connect(7000, '${first.address}');
      socket.on('connect', () => { console.log('open'); process.exit(); });
      socket.on('error', () => { console.log('refused'); process.exit(); });
      setTimeout(() => { console.log('silence'); process.exit(); }, 500)`;
    try {
      expect(await firstLine(listener)).to.equal('ready');
      expect(await firstLine(runOn(second, knock))).to.equal('open');
      second.setLink('down');
      expect(await firstLine(runOn(second, knock))).to.equal('silence');
    } finally {
      listener.kill('SIGKILL');
      network.remove();
    }
  });
});

function runOn(host: Host, program: string): ChildProcessByStdio<null, Readable, null> {
  const [command, ...args] = host.prefix;
  return spawn(command, [...args, process.execPath, '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function firstLine(child: ChildProcessByStdio<null, Readable, null>): Promise<string> {
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  return chunk.toString().trim();
}
