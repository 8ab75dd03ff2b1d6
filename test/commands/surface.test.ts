/**
 * The command line as scripts know it. Removing or renaming a word here breaks somebody's script: the
 * tables are what the incumbents taught, and every word of them must go on working.
 */
import { Parser } from '@oclif/core';
import { expect } from 'chai';
import { normalizeWords } from '../../src/lib/cli/argv.js';
import { runTrib, tribJson } from '../cli/run-trib.js';
import { COMMANDS } from '../../src/lib/cli/command-words.js';
import { loadCommands } from '../support/commands.js';

const MOVING = [
  ...['timeout', 'cluster-timeout', 'pipeline', 'cluster-pipeline', 'replace', 'cluster-replace'],
  ...['way', 'cluster-use-atomic-slot-migration', 'window', 'max-rate', 'guard'],
  ...['max-key-bytes', 'on-big-key', 'search-multiple-owners', 'cluster-search-multiple-owners'],
];

const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  create: [
    'replicas',
    'cluster-replicas',
    'yes',
    'cluster-yes',
    'zone',
    'dry-run',
    'cluster-search-multiple-owners',
  ],
  check: ['strict', 'search-multiple-owners', 'cluster-search-multiple-owners'],
  'add-node': [
    ...['slave', 'replica', 'cluster-slave', 'cluster-replica'],
    ...['master-id', 'primary-id', 'cluster-master-id', 'cluster-primary-id'],
    'cluster-search-multiple-owners',
  ],
  info: [],
  'set-timeout': ['dry-run'],
  'del-node': ['reset', 'shutdown'],
  call: [
    ...['only-masters', 'only-primaries', 'only-replicas'],
    ...['cluster-only-masters', 'cluster-only-primaries', 'cluster-only-replicas'],
  ],
  failover: ['force', 'takeover', 'yes'],
  forget: ['all-failed'],
  reset: ['soft', 'hard', 'flush', 'yes'],
  wait: ['nodes'],
  backup: ['from-replicas', 'dry-run', 'cluster-search-multiple-owners'],
  restore: ['replace', 'verify', 'skip-functions', 'without-manifest', 'dry-run', 'yes'],
  import: [
    ...['from', 'cluster-from', 'copy', 'cluster-copy', 'replace', 'cluster-replace'],
    ...['from-user', 'cluster-from-user', 'from-pass', 'cluster-from-pass', 'from-askpass'],
    ...['cluster-from-askpass', 'timeout', 'cluster-timeout', 'dry-run'],
    'cluster-search-multiple-owners',
  ],
  reshard: [
    ...['from', 'cluster-from', 'to', 'cluster-to', 'slots', 'cluster-slots'],
    ...MOVING,
    ...['yes', 'cluster-yes', 'dry-run'],
  ],
  'move-slots': ['to', 'from', 'dry-run', ...MOVING],
  rebalance: [
    ...['weight', 'cluster-weight', 'threshold', 'cluster-threshold', 'auto-weights', 'by'],
    ...['use-empty-masters', 'use-empty-primaries'],
    ...['cluster-use-empty-masters', 'cluster-use-empty-primaries'],
    ...['simulate', 'cluster-simulate', 'dry-run'],
    ...MOVING,
  ],
  drain: ['to', 'remove', 'yes', 'dry-run', ...MOVING],
};

const CONNECTION = [
  ...[
    'pass',
    'user',
    'password-file',
    'askpass',
    'uri',
    'ipv4',
    'ipv6',
    'tls',
    'cacert',
    'cacertdir',
  ],
  ...['cert', 'key', 'sni', 'insecure', 'tls-ciphers', 'tls-ciphersuites', 'nat-map'],
  ...['connect-timeout', 'deadline', 'verbose', 'no-color', 'events'],
];

describe('the surface of the commands', () => {
  it('has every spelling that scripts use', async () => {
    const commands = new Map((await loadCommands()).map(({ id, command }) => [id, command]));
    for (const [id, spellings] of Object.entries(SPELLINGS)) {
      const command = commands.get(id)!;
      const flags = { ...command.baseFlags, ...command.flags };
      const known = Object.entries(flags).flatMap(([name, flag]) => [
        name,
        ...((flag as { readonly aliases?: readonly string[] }).aliases ?? []),
      ]);
      expect(known, id).to.include.members([...spellings, ...CONNECTION]);
    }
  });

  it('knows all commands before any is loaded', async () => {
    expect(COMMANDS).to.have.members((await loadCommands()).map(({ id }) => id));
  });

  it('answers an unknown command in its own words, as a document where one is asked for', async () => {
    const { status, stderr, stdout } = await runTrib(['help', 'chek']);
    expect({ status, stdout }).to.deep.equal({ status: 2, stdout: '' });
    expect(stderr).to.match(
      /^\[ERR\] "chek" is no command of trib\.\n +Did you mean trib check\?\n/,
    );
    const asked = await tribJson(['chek', '127.0.0.1:1']);
    expect(asked.status).to.equal(2);
    expect(asked.document.error).to.include({ code: 'USAGE' });
  });

  it('shows help for -h and --help after a command', async () => {
    for (const word of ['-h', '--help']) {
      const { status, stdout } = await runTrib(['check', word]);
      expect(status).to.equal(0);
      expect(stdout).to.include('trib check');
    }
  });

  /** Lines of the incumbents without their operands: what is left over after parsing was not understood. */
  const lines: readonly string[] = [
    'create --replicas 1',
    '--cluster create --cluster-replicas 1 --cluster-yes',
    '--cluster create --cluster-search-multiple-owners',
    '--cluster check --cluster-search-multiple-owners',
    '-a secret --no-auth-warning --cluster check',
    '--pass secret --user u --cluster check --verbose',
    '-u redis://u:p@127.0.0.1:1/0 --cluster check',
    '-t 3 -4 --cluster info',
    '-6 --cluster info',
    '--tls --cert c --key k --cacert ca --cacertdir d --sni s --insecure --cluster info',
    '--tls --tls-ciphers A --cluster info',
    '--tls --tls-ciphersuites A --cluster info',
    '-h 127.0.0.1 -p 1 -n 0 -s /tmp/x -c --cluster info',
    '--cluster check --cluster-yes',
    '-x --cluster call',
    '-X tag --cluster call',
    '--cluster call --cluster-only-masters',
    '--cluster call --cluster-only-primaries',
    '--cluster call --cluster-only-replicas',
    '--cluster add-node --cluster-slave --cluster-master-id a',
    '--cluster add-node --cluster-replica --cluster-primary-id a',
    'add-node --slave --master-id a',
    'del-node',
    'set-timeout',
    '--cluster backup --cluster-search-multiple-owners',
    'import --from a --copy --replace',
    '--cluster import --cluster-from a --cluster-copy --cluster-replace --cluster-timeout 5',
    '--cluster import --cluster-from a --cluster-from-user u --cluster-from-pass p',
    '--cluster import --cluster-from a --cluster-from-askpass',
    'reshard --from all --to a --slots 5 --yes --timeout 1000 --pipeline 10',
    '--cluster reshard --cluster-from all --cluster-to a --cluster-slots 5 --cluster-yes',
    '--cluster reshard --cluster-timeout 1000 --cluster-pipeline 10 --cluster-replace',
    '--cluster reshard --cluster-use-atomic-slot-migration',
    'rebalance --weight a=1 --weight b=2 --auto-weights --use-empty-masters --threshold 2',
    'rebalance --simulate --timeout 1000 --pipeline 10',
    '--cluster rebalance --cluster-weight a=1 --cluster-use-empty-masters --cluster-simulate',
    '--cluster rebalance --cluster-use-empty-primaries --cluster-threshold 1.5',
    '--cluster rebalance --cluster-timeout 1000 --cluster-pipeline 10 --cluster-replace',
    'drain --remove',
  ];
  it('takes every line that an incumbent takes', async () => {
    const commands = new Map((await loadCommands()).map(({ id, command }) => [id, command]));
    for (const line of lines) {
      const [id, ...words] = normalizeWords(line.split(' '));
      const command = commands.get(id!)!;
      const flags = { ...command.baseFlags, ...command.flags };
      const { raw } = await Parser.parse(words, { flags, strict: false });
      const operands = raw.filter(({ type }) => type === 'arg');
      expect(operands, line).to.deep.equal([]);
    }
  });

  it('keeps operands in their order, also where one equals the value of an option', async () => {
    const { status, stderr } = await runTrib([
      'set-timeout',
      '--deadline',
      '50',
      '127.0.0.1:1',
      '50',
    ]);
    expect(status).to.equal(5);
    expect(stderr).to.include('127.0.0.1:1');
  });

  it('has the short options of redis-cli, on every command that connects', async () => {
    for (const { id, command } of await loadCommands()) {
      if (SPELLINGS[id] === undefined) continue;
      const chars = Object.values(command.baseFlags).map(({ char }) => char as string);
      expect(chars, id).to.include.members(['a', 'u', 't', '4', '6']);
    }
  });

  const usage: readonly (readonly [string, string[]])[] = [
    ['no node', ['check']],
    ['two nodes too many', ['info', '127.0.0.1:1', '127.0.0.1:2']],
    ['a malformed address', ['check', '127.0.0.1:notaport']],
    ['a malformed number', ['create', '--replicas', 'many', '127.0.0.1:1']],
    ['an unknown option', ['check', '--what', '127.0.0.1:1']],
    ['a duration that is none', ['check', '--deadline', 'soon', '127.0.0.1:1']],
    [
      'a master without being a replica',
      ['add-node', '127.0.0.1:1', '127.0.0.1:2', '--master-id', 'a'],
    ],
    [
      'a password file that is not there',
      ['check', '127.0.0.1:1', '--password-file', '/nonexistent'],
    ],
    ['two kinds of reset', ['reset', '127.0.0.1:1', '--soft', '--hard']],
  ];
  for (const [what, args] of usage) {
    it(`ends with status 2 and one clear error for ${what}`, async () => {
      const { status, document } = await tribJson(args);
      expect(status).to.equal(2);
      expect(document).to.include({ schemaVersion: 1, kind: 'error' });
      expect(document.error.message).to.be.a('string').that.is.not.empty;
    }).timeout(20_000);
  }

  it('says in one line which option has which wrong value, and what to type next', async () => {
    const { stderr, status } = await runTrib(['lab', 'up', '--port', '80000']);
    expect(status).to.equal(2);
    expect(stderr.trimEnd().split('\n')).to.deep.equal([
      '[ERR] --port: Expected an integer less than or equal to 55535 but received: 80000',
      '      See more help with --help',
    ]);
  });

  it('says of a server that is not installed that it is not there', async () => {
    const { stderr, status } = await runTrib(['lab', 'up', '--server', 'no-such-server', '--once']);
    expect(status).to.equal(1);
    expect(stderr).to.contain('[ERR] There is no program no-such-server.');
  });

  it('ends with status 5 when nobody listens, in one line with a hint', async () => {
    const { status, stdout, stderr } = await runTrib(['check', '127.0.0.1:1']);
    expect(status).to.equal(5);
    expect(stdout).to.equal('');
    expect(stderr).to.match(
      /^\[ERR\] Could not connect to 127\.0\.0\.1:1: connection refused\.\n {6}\S/,
    );
    expect(stderr).to.not.match(/\bat .*:\d+:\d+/);
  }).timeout(20_000);
});
