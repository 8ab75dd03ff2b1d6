/**
 * The command line as scripts know it. Removing or renaming a word here breaks somebody's script: the
 * tables are what the incumbents taught, and every word of them must go on working.
 */
import { expect } from 'chai';
import { runTrib, tribJson } from '../cli/run-trib.js';
import { loadCommands } from '../support/commands.js';

const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  create: ['replicas', 'cluster-replicas', 'yes', 'cluster-yes', 'zone', 'dry-run'],
  check: ['strict'],
  'add-node': [
    ...['slave', 'replica', 'cluster-slave', 'cluster-replica'],
    ...['master-id', 'primary-id', 'cluster-master-id', 'cluster-primary-id'],
  ],
  'del-node': ['reset', 'shutdown'],
  call: [
    ...['only-masters', 'only-primaries', 'only-replicas'],
    ...['cluster-only-masters', 'cluster-only-primaries', 'cluster-only-replicas'],
  ],
  failover: ['force', 'takeover', 'yes'],
  forget: ['all-failed'],
  reset: ['soft', 'hard', 'flush', 'yes'],
  wait: ['nodes'],
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
