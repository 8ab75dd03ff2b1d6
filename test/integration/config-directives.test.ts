/** The table of directives against redis-server 7.0: names, defaults, values and error texts. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Configuration } from '../../src/lib/node/config/configuration.js';
import { DIRECTIVES } from '../../src/lib/node/config/directives.js';
import { findFileOnly } from '../../src/lib/node/config/file-only.js';
import { loadConfig } from '../../src/lib/node/config/load.js';
import { err } from '../../src/lib/kernel/result.js';
import { hasRedisServer, type RealServer, startRealServer } from '../support/real-server.js';
import { ask, pairsOf, textOf } from './config-link.js';

/** Given by the harness on the real server's command line. */
const GIVEN = new Set([
  'port',
  'bind',
  'dir',
  'save',
  'enable-debug-command',
  'enable-protected-configs',
  'repl-diskless-sync-delay',
]);

/** Values that every kind of directive has an opinion on. */
const PROBES = [
  '',
  'yes',
  'NO',
  '0',
  '1',
  '-1',
  '2',
  '07',
  '+1',
  ' 1',
  '1k',
  '2KB',
  '3mb',
  '1gb',
  '1t',
  '50%',
  '101%',
  '99',
  '100000',
  '4294967295',
  '4294967296',
  '2147483647',
  '2147483648',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  'zz:q?',
  'a b',
  'default save',
  'save nosave',
  'allkeys-lru',
  'Everysec',
  'debug',
  'local',
  'KEA',
  'KExg$',
  'Ed',
  'AKEmn',
  '900 1 300 10',
  '900 1 300',
  '0 1',
  'normal 0 0 0',
  'replica 1mb 2 3 pubsub 4k 5 6',
  'nosuch 0 0 0',
  'slave 1 x 3',
  '0 200 800',
  '0 200 3000',
  '50 99.5 100',
  '50 x',
  '-1 50',
  'a/b',
  'a_b',
  '{title} {port}',
  '{nosuch}',
];

/** Setting these on the server under test would end the conversation, or asks its machine. */
const NOT_PROBED: ReadonlyMap<string, string> = new Map([
  ['port', 'moves the server'],
  ['bind', 'moves the server'],
  ['dir', 'asks the file system'],
  ['requirepass', 'locks us out'],
  ['maxclients', 'asks for the limit of open files'],
  ['watchdog-period', 'starts timers in the server'],
  ['bind-source-addr', 'is checked when it is used'],
  ['notify-keyspace-events', 'is probed on its own: m and n differ with A'],
  ['client-query-buffer-limit', 'would close our own connection'],
  ['proto-max-bulk-len', 'would refuse our own requests'],
  ['maxmemory', 'is probed on its own: it would refuse writes'],
  ['maxmemory-clients', 'would evict us'],
  ['repl-backlog-size', 'allocates what it is told'],
  ['oom-score-adj', 'asks for privileges'],
  ['oom-score-adj-values', 'asks for privileges'],
  ['crash-log-enabled', 'changes signal handlers'],
  ['activedefrag', 'depends on how the server was built'],
  ['tls-port', 'needs certificates and a listener'],
  ['tls-cluster', 'needs certificates'],
  ['tls-replication', 'needs certificates'],
]);

describe('directives against redis-server 7.0', function () {
  let server: RealServer | undefined;
  let known: ReadonlyMap<string, string>;

  before(async function () {
    if (!hasRedisServer()) this.skip();
    server = await startRealServer({
      cluster: false,
      config: { 'enable-protected-configs': 'yes' },
    });
    known = pairsOf((await ask(server.port, [['CONFIG', 'GET', '*']]))[0]);
  });

  after(async () => server?.stop());

  it('knows every directive that CONFIG GET * lists, and no other', () => {
    const ours = new Configuration().matching(['*']).map(([name]) => name);
    expect([...ours].sort()).to.deep.equal([...known.keys()].sort());
  });

  it('has the same defaults', () => {
    const ours = new Map(new Configuration().matching(['*']));
    for (const [name, value] of known) {
      if (!GIVEN.has(name)) expect(ours.get(name), name).to.equal(value);
    }
  });

  it('finds the hidden ones by their exact name, as the server does', async () => {
    const hidden = DIRECTIVES.filter((directive) => directive.hidden);
    const replies = await ask(
      server!.port,
      hidden.map(({ name }) => ['CONFIG', 'GET', name]),
    );
    const ours = new Configuration();
    for (const [at, { name }] of hidden.entries()) {
      expect(ours.matching([name]), name).to.deep.equal([...pairsOf(replies[at])]);
    }
  });

  it('takes, shows and refuses every probed value in the same words', async () => {
    const differences: string[] = [];
    for (const directive of DIRECTIVES) {
      if (NOT_PROBED.has(directive.name) || directive.status === 'refused') continue;
      const requests = PROBES.flatMap((value) => [
        ['CONFIG', 'SET', directive.name, value],
        ['CONFIG', 'GET', directive.name],
      ]);
      const replies = await ask(server!.port, requests);
      const ours = new Configuration({
        'enable-protected-configs': 'yes',
        'enable-debug-command': 'local',
        'repl-diskless-sync-delay': '0',
        save: '',
      });
      for (const [at, value] of PROBES.entries()) {
        const said = ours.set(directive.name, value);
        const theirs = [
          textOf(replies[2 * at]),
          pairsOf(replies[2 * at + 1]).get(directive.name) ?? '',
        ];
        const mine = [said === undefined ? 'OK' : `ERR ${said}`, ours.get(directive.name) ?? ''];
        if (mine.join() !== theirs.join()) {
          differences.push(
            `${directive.name} ${value}: ${mine.join(' | ')} :: ${theirs.join(' | ')}`,
          );
        }
      }
    }
    expect(differences.join('\n')).to.equal('');
  });

  it('changes several directives or none, and names the one to blame', async () => {
    const calls: readonly (readonly string[])[] = [
      ['hz', '20', 'hz', '30'],
      ['hz', '20', 'slave-priority', '1', 'replica-priority', '2'],
      ['nosuch', '1'],
      ['hz', '11', 'nosuch', '1'],
      ['hz', 'abc', 'lfu-decay-time', '5'],
      ['lfu-decay-time', '5', 'hz', 'abc'],
      ['tcp-backlog', '1', 'nosuch', '1'],
      ['nosuch', '1', 'tcp-backlog', '1'],
      ['HZ', '12'],
      ['SLAVE-priority', 'x'],
      ['include', 'x'],
      ['', 'x'],
    ];
    const shown = ['CONFIG', 'GET', 'hz', 'replica-priority', 'lfu-decay-time'];
    const requests = calls.flatMap((call) => [['CONFIG', 'SET', ...call], shown]);
    const replies = await ask(server!.port, [
      ['CONFIG', 'SET', 'hz', '10', 'replica-priority', '100', 'lfu-decay-time', '1'],
      ...requests,
    ]);
    const ours = new Configuration();
    for (const [at, call] of calls.entries()) {
      const pairs = call.flatMap((name, index) =>
        index % 2 === 0 ? [[name, call[index + 1]!] as const] : [],
      );
      const said = ours.setAll(pairs);
      expect(said === undefined ? 'OK' : `ERR ${said}`, call.join(' ')).to.equal(
        textOf(replies[2 * at + 1]),
      );
      const values = [...ours.matching(shown.slice(2))].sort();
      expect(values, call.join(' ')).to.deep.equal([...pairsOf(replies[2 * at + 2])].sort());
    }
  });

  it('finds the same names for a pattern', async () => {
    const patterns = [
      '*',
      'h?',
      'h[a-z]',
      'h[^a-y]',
      'H\\z',
      'replica-[op]riority',
      '*-LEN',
      'x*',
      '',
      '[',
      'hz',
    ];
    const replies = await ask(
      server!.port,
      patterns.map((pattern) => ['CONFIG', 'GET', pattern]),
    );
    for (const [at, pattern] of patterns.entries()) {
      const ours = new Configuration().matching([pattern]).map(([name]) => name);
      expect(ours.sort(), pattern).to.deep.equal([...pairsOf(replies[at]).keys()].sort());
    }
  });
});

describe('lines of a config file against redis-server 7.0', function () {
  let dir = '';

  before(function () {
    if (!hasRedisServer()) this.skip();
    dir = mkdtempSync(join(tmpdir(), 'trib-conf-'));
  });

  after(() => {
    if (dir !== '') rmSync(dir, { recursive: true, force: true });
  });

  /** Each file ends with a line nobody knows, so that the server never starts. */
  const FILES: readonly string[] = [
    'port 0\nfoo bar\n',
    'port 0\nport abc\n',
    'port 70000\n',
    'PORT 70000\n',
    '"port" 70000\n',
    'hz "10\n',
    "hz 'a\\'b'x\n",
    'hz "10"x\n',
    'hz 1"0"\n',
    "hz '10'\n",
    'hz "\\x31\\x30"\n',
    'hz\n',
    'maxmemory 1 2\n',
    'port 0 # comment\n',
    '  # comment\n\n \t port zz\n',
    'save 5 1 x\n',
    'save "5 1 x"\n',
    'save ""\nsave 5 1\nsave 6 2\n',
    'slaveof a\n',
    'slaveof a 99999\n',
    'slaveof no one\n',
    'client-output-buffer-limit normal 0 0\n',
    'client-output-buffer-limit "normal 0 0 0"\n',
    'cluster-announce-hostname a_b\n',
    'dbfilename a/b\n',
    'oom-score-adj-values 0 1\n',
    'list-max-ziplist-entries 5\n',
    'list-max-ziplist-value 5\n',
    'lua-replicate-commands yes\n',
    'lua-enable-deprecated-api yes\n',
    'shutdown-on-sigterm save nosave\n',
    'shutdown-on-sigterm "save now"\n',
    'loglevel NOTICE\nloglevel chatty\n',
    'maxmemory-clients 5%\nmaxmemory-clients 500%\n',
    'slave-priority 5\nreplica-priority -1\n',
    'notify-keyspace-events Q\n',
    'rdb-key-save-delay -5\nkey-load-delay x\n',
    'unixsocketperm 999\n',
    'unixsocketperm 700\n',
    'appenddirname a/b\n',
    'proc-title-template "{x}"\n',
    'latency-tracking-info-percentiles 50 200\n',
    'databases 0\n',
    'io-threads 500\n',
    'user default on nopass ~* &* +@all\n',
  ];

  for (const file of FILES) {
    it(`reads ${JSON.stringify(file)} alike`, () => {
      const text = `${file}nosuchdirective x\n`;
      const path = join(dir, 'test.conf');
      writeFileSync(path, text, 'latin1');
      const problem = loadConfig(new Configuration(), [{ where: path, text }], () => err('none'));
      expect(problem && { ...problem, reason: firstSentence(problem.reason) }).to.deep.equal({
        where: path,
        ...theirProblem(path),
      });
    });
  }

  it('refuses every directive that means something else without it, with the reason', () => {
    for (const line of [
      'rename-command GET ""',
      'loadmodule x.so',
      'user bob on',
      'unixsocket x',
    ]) {
      const problem = loadConfig(
        new Configuration(),
        [{ where: 'x', text: `port 1\n${line}\n` }],
        () => err('none'),
      );
      expect(problem?.line, line).to.equal(2);
      expect(problem?.reason, line).to.match(/^not supported by the embedded node: .{20,}/);
    }
    expect(findFileOnly('include')?.status).to.equal('effective');
  });
});

/** Suggestions are ours. */
function firstSentence(reason: string): string {
  return reason.replace(/\. Did you mean.*$/, '');
}

function theirProblem(path: string): { line: number; text: string; reason: string } {
  let output = '';
  try {
    execFileSync('redis-server', [path], { encoding: 'utf8', timeout: 10_000, stdio: 'pipe' });
  } catch (error) {
    output = String((error as { stderr?: unknown }).stderr);
  }
  const match = /at line (\d+)\n>>> '(.*)'\n(.*)/.exec(output);
  if (match === null) throw new Error(`redis-server said: ${output}`);
  return { line: Number(match[1]), text: match[2]!, reason: match[3]! };
}
