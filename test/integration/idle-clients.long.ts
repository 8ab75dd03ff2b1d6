/** Ten thousand idle clients, as a server has them: all are served, memory is bounded, and no more get in. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { RespClient, show } from '../node/resp-client.js';
import { freePort } from '../support/free-port.js';
import { waitUntil } from '../support/wait.js';

const CLIENTS = 10_000;
const FILES = CLIENTS + 500;
/** Of the node, for a client that says nothing. */
const BYTES_PER_CLIENT_MAX = 24 * 1024;
const RAISE = `ulimit -n ${FILES} && exec "$0" "$@"`;

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

describe('ten thousand idle clients', function () {
  this.timeout(180_000);
  const children: ChildProcess[] = [];
  let folder = '';
  before(function () {
    const mayRaise = spawnSync('sh', ['-c', RAISE, 'true']).status === 0;
    if (process.platform !== 'linux' || !mayRaise) this.skip();
    folder = mkdtempSync(join(tmpdir(), 'trib-idle-'));
  });
  after(async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  /** A process that may open enough files, and what it has said. */
  function start(
    script: string,
    args: readonly string[],
  ): { child: ChildProcess; said: () => string } {
    const argv = ['--import', 'tsx', pathOf(script), ...args];
    const child = spawn('sh', ['-c', RAISE, process.execPath, ...argv], {
      cwd: pathOf('../..'),
    });
    children.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    }
    return { child, said: () => output };
  }

  const residentBytes = ({ pid }: ChildProcess): number => {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'latin1');
    return Number(/VmRSS:\s*(\d+)/.exec(status)?.[1]) * 1024;
  };

  it('are held in bounded memory, answered when they ask, and are no more than maxclients', async () => {
    const port = await freePort();
    const args = ['--port', String(port), '--maxclients', String(CLIENTS), '--dir', folder];
    const node = start('../node/server/process/entry.ts', args);
    await waitUntil('the node is ready', () => node.said().includes('Ready to accept'), 30_000);
    const client = await RespClient.open(port);
    expect(show(await client.call('PING'))).to.equal('+PONG');
    const beforeBytes = residentBytes(node.child);
    const many = start('idle-clients.ts', [String(port), String(CLIENTS - 1)]);
    await waitUntil(
      'all are connected',
      () => many.said().includes(`connected ${CLIENTS - 1}`),
      90_000,
    );
    await waitUntil('the node has them all', async () =>
      show(await client.call('INFO', 'clients')).includes(`connected_clients:${CLIENTS}`),
    );
    const perClient = (residentBytes(node.child) - beforeBytes) / CLIENTS;
    process.stderr.write(`      ${Math.round(perClient)} bytes of the node for each idle client\n`);
    expect(perClient).to.be.lessThan(BYTES_PER_CLIENT_MAX);

    const oneMore = await RespClient.open(port);
    await waitUntil('one more is sent away', () => oneMore.isClosed);
    expect(oneMore.unasked.map(show)).to.deep.equal(['-ERR max number of clients reached']);
    expect(show(await client.call('INFO', 'stats'))).to.include('rejected_connections:1');

    many.child.stdin!.write('\n');
    await waitUntil('those asked have answers', () => many.said().includes('answered 100'), 30_000);
    many.child.stdin!.end();
    await waitUntil(
      'they are gone',
      async () => show(await client.call('INFO', 'clients')).includes('connected_clients:1\\r\\n'),
      30_000,
    );
    const another = await RespClient.open(port);
    expect(show(await another.call('PING'))).to.equal('+PONG');
    for (const one of [client, another]) one.close();
  });
});
