/**
 * The tutorial of a primary and its replica, from the first `redis-cli ping` to the last SLAVEOF, on two
 * machines of embedded nodes and, beside them, on two of real servers: what is shown must be the same.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { hasNamespaces, makeNetwork, type SmallNetwork } from '../support/netns.js';
import { hasRedisServer } from '../support/real-server.js';
import { hasTerminal } from '../support/terminal.js';
import { waitUntil } from '../support/wait.js';
import { Droplet, type Kind } from './droplet.js';

const PRIMARY_PASSWORD = 'your_redis_master_password';
const REPLICA_PASSWORD = 'your_redis_slave_password';

const PRIMARY_FILE = [
  'tcp-keepalive 60',
  '#bind 127.0.0.1',
  `requirepass ${PRIMARY_PASSWORD}`,
  'maxmemory-policy noeviction',
  'appendonly yes',
  'appendfilename "appendonly.aof"',
];

const replicaFile = (primary: string): readonly string[] => [
  '#bind 127.0.0.1',
  `requirepass ${REPLICA_PASSWORD}`,
  `slaveof ${primary} 6379`,
  `masterauth ${PRIMARY_PASSWORD}`,
];

/** The fields of the tutorial, in its order. A 7.0 shows some more between them. */
const SHOWN_BY_PRIMARY = [
  'role:master',
  'connected_slaves:1',
  'slave0:ip=REPLICA,port=6379,state=online,offset=N,lag=N',
  'master_repl_offset:N',
  'repl_backlog_active:1',
  'repl_backlog_size:1048576',
  'repl_backlog_first_byte_offset:N',
  'repl_backlog_histlen:N',
];
const SHOWN_BY_REPLICA = [
  'role:slave',
  'master_host:PRIMARY',
  'master_port:6379',
  'master_link_status:up',
  'master_last_io_seconds_ago:N',
  'master_sync_in_progress:0',
  'slave_repl_offset:N',
  'slave_priority:100',
  'slave_read_only:1',
  'connected_slaves:0',
  'master_repl_offset:N',
  // The tutorial's 2.8 keeps no backlog on a replica; every server since 4.0 does.
  'repl_backlog_active:1',
  'repl_backlog_size:1048576',
  'repl_backlog_first_byte_offset:N',
  'repl_backlog_histlen:N',
];
const SHOWN_WHEN_PROMOTED = [
  'role:master',
  'connected_slaves:0',
  'master_repl_offset:N',
  'repl_backlog_active:1',
  'repl_backlog_size:1048576',
  'repl_backlog_first_byte_offset:N',
  'repl_backlog_histlen:N',
];

interface Pair {
  readonly kind: Kind;
  readonly primary: Droplet;
  readonly replica: Droplet;
}

describe('the replication tutorial, on embedded nodes beside real servers', function () {
  this.timeout(120_000);
  let network: SmallNetwork | undefined;
  let folder: string;
  let pairs: readonly Pair[] = [];

  before(function () {
    if (!hasRedisServer() || !hasTerminal() || !hasNamespaces()) this.skip();
    folder = mkdtempSync(join(tmpdir(), 'trib-tutorial-'));
    network = makeNetwork(4);
    const droplet = (at: number, kind: Kind): Droplet =>
      new Droplet(network!.hosts[at]!, kind, folder);
    pairs = (['embedded', 'redis-server'] as const).map((kind, at) => ({
      kind,
      primary: droplet(at * 2, kind),
      replica: droplet(at * 2 + 1, kind),
    }));
  });
  after(async () => {
    await Promise.all(
      pairs.flatMap(({ primary, replica }) => [primary.stop('SIGKILL'), replica.stop('SIGKILL')]),
    );
    network?.remove();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** Both pairs do it, one after the other: two cores would slow each other down. @returns what was the same. */
  async function both<T>(act: (pair: Pair) => Promise<T>): Promise<T> {
    const ours = await act(pairs[0]!);
    expect(ours, 'as a real server').to.deep.equal(await act(pairs[1]!));
    return ours;
  }

  it('step 1: a server without a file answers ping, and takes the benchmark', async () => {
    const names = await both(async ({ primary, replica }) => {
      const shown: string[] = [];
      for (const each of [primary, replica]) {
        await each.restart(undefined);
        expect(await each.shell('redis-cli', 'ping')).to.equal('PONG\n');
        const text = await each.shell(
          'redis-benchmark',
          ...['-q', '-n', '1000', '-c', '10', '-P', '5'],
        );
        shown.push(
          ...text
            .split(/[\r\n]+/)
            .flatMap((line) => /^(\S.*): [\d.]+ requests per second/.exec(line)?.[1] ?? []),
        );
      }
      return shown;
    });
    expect(names).to.include.members(['PING_INLINE', 'SET', 'GET', 'INCR', 'LPUSH', 'LPOP']);
    expect(names).to.include.members(['SADD', 'SPOP', 'MSET (10 keys)']);
    expect(names).to.include('LPUSH (needed to benchmark LRANGE)');
  });

  it('step 2: every line of the file of the primary does what it says', async () => {
    const shown = await both(async ({ primary, replica }) => {
      await primary.restart(PRIMARY_FILE);
      const cli = (...words: string[]): Promise<string> => primary.shell('redis-cli', ...words);
      // Open to the network, and closed to whoever does not know the password.
      const remote = await replica.shell('redis-cli', '-h', primary.address, 'ping');
      const settings = await primary.session(async ({ type }) => [
        await type('GET key'),
        await type('AUTH wrong'),
        await type(`AUTH ${PRIMARY_PASSWORD}`),
        await type('CONFIG GET tcp-keepalive'),
        await type('CONFIG GET maxmemory-policy'),
        await type('CONFIG GET appendonly'),
        await type('CONFIG GET appendfilename'),
        await type('FLUSHALL'),
        await type('SET key value'),
      ]);
      await primary.session(async ({ type }) => {
        await type(`AUTH ${PRIMARY_PASSWORD}`);
        const connected = ['-tnoH', 'state', 'established', 'sport', '=', ':6379'];
        // A minute, or what is left of it.
        await waitUntil('a keepalive is due', async () =>
          /timer:\(keepalive,(?:1min|[45]\dsec)/.test(await primary.shell('ss', ...connected)),
        );
      });
      // The append-only file outlives a server that had no time to save anything.
      await primary.stop('SIGKILL');
      await primary.restart(PRIMARY_FILE);
      const files = readdirSync(join(primary.dir, 'appendonlydir')).sort();
      const kept = await cli('--no-auth-warning', '-a', PRIMARY_PASSWORD, 'GET', 'key');
      return { remote, settings, files, kept };
    });
    expect(shown.remote.trim()).to.equal('NOAUTH Authentication required.');
    expect(shown.settings[0]).to.equal('(error) NOAUTH Authentication required.');
    expect(shown.settings[2]).to.equal('OK');
    expect(shown.files).to.include('appendonly.aof.manifest');
    expect(shown.kept).to.equal('value\n');
  });

  it('step 3: the replica is told whom to follow, with which password, and has one of its own', async () => {
    const shown = await both(async ({ primary, replica }) => {
      await replica.restart(replicaFile(primary.address));
      await awaitLink(replica);
      return replica.session(async ({ type, prompt }) => [
        prompt(),
        await type('GET key'),
        await type(`AUTH ${REPLICA_PASSWORD}`),
        await type('GET key'),
        await type('SET key other'),
      ]);
    });
    expect(shown).to.deep.equal([
      '127.0.0.1:6379',
      '(error) NOAUTH Authentication required.',
      'OK',
      '"value"',
      "(error) READONLY You can't write against a read only replica.",
    ]);
  });

  it('step 4: INFO tells of the replication on both machines', async () => {
    const primary = await both(async (pair) => replicationOf(pair, pair.primary, PRIMARY_PASSWORD));
    const replica = await both(async (pair) => replicationOf(pair, pair.replica, REPLICA_PASSWORD));
    expectInOrder(primary, SHOWN_BY_PRIMARY);
    expectInOrder(replica, SHOWN_BY_REPLICA);
  });

  it('step 5: SLAVEOF NO ONE turns the replica into a primary that takes writes', async () => {
    const shown = await both(async (pair) => {
      const said = await pair.replica.session(async ({ type }) => [
        await type(`AUTH ${REPLICA_PASSWORD}`),
        await type('SLAVEOF NO ONE'),
        await type('GET key'),
        await type('SET key temporary'),
      ]);
      return { said, info: await replicationOf(pair, pair.replica, REPLICA_PASSWORD) };
    });
    expect(shown.said).to.deep.equal(['OK', 'OK', '"value"', 'OK']);
    expectInOrder(shown.info, SHOWN_WHEN_PROMOTED);
  });

  it('step 6: SLAVEOF brings the original setup back', async () => {
    const shown = await both(async (pair) => {
      const { primary, replica } = pair;
      const said = await replica.session(async ({ type }) => [
        await type(`AUTH ${REPLICA_PASSWORD}`),
        await type(`SLAVEOF ${primary.address} 6379`),
      ]);
      await awaitLink(replica);
      const key = await replica.shell(
        'redis-cli',
        ...['--no-auth-warning', '-a', REPLICA_PASSWORD, 'GET', 'key'],
      );
      return {
        said,
        key,
        primary: await replicationOf(pair, primary, PRIMARY_PASSWORD),
        replica: await replicationOf(pair, replica, REPLICA_PASSWORD),
      };
    });
    expect(shown.said).to.deep.equal(['OK', 'OK']);
    expect(shown.key).to.equal('value\n');
    expectInOrder(shown.primary, SHOWN_BY_PRIMARY);
    expectInOrder(shown.replica, SHOWN_BY_REPLICA);
  });
});

async function awaitLink(replica: Droplet): Promise<void> {
  const info = ['--no-auth-warning', '-a', REPLICA_PASSWORD, 'INFO', 'replication'];
  await waitUntil('the link is up', async () =>
    (await replica.shell('redis-cli', ...info)).includes('master_link_status:up'),
  );
}

/** The section of INFO as it is shown at the prompt; addresses by role, what differs from run to run as N. */
async function replicationOf(
  { primary, replica }: Pair,
  droplet: Droplet,
  password: string,
): Promise<readonly string[]> {
  const text = await droplet.session(async ({ type }) => {
    await type(`AUTH ${password}`);
    return type('INFO');
  });
  const [, section = ''] = /# Replication\r?\n([^]*?)\r?\n\r?\n/.exec(text) ?? [];
  return section.split(/\r?\n/).map((line) =>
    line
      .replace(primary.address, 'PRIMARY')
      .replace(replica.address, 'REPLICA')
      .replace(/(replid2?):(?!0{40})[0-9a-f]{40}/, '$1:ID')
      .replace(/((?:offset|lag)[:=]|histlen:|seconds_ago:)\d+/g, '$1N'),
  );
}

function expectInOrder(lines: readonly string[], wanted: readonly string[]): void {
  let from = 0;
  for (const line of wanted) {
    const at = lines.indexOf(line, from);
    expect(at, `${line} in its place in:\n${lines.join('\n')}`).to.be.at.least(0);
    from = at + 1;
  }
}
