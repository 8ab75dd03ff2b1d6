/**
 * Options that many commands share, spelled as redis-trib.rb, redis-cli and valkey-cli spell them. New
 * options have one spelling; old ones keep all of theirs as aliases.
 */
import { Flags } from '@oclif/core';
import { parseDuration } from './duration.js';

const CONNECTION = 'CONNECTION';
const OUTPUT = 'OUTPUT';

export const durationFlag = Flags.custom<number>({
  parse: (text) => Promise.resolve(parseDuration(text)),
  helpValue: '<duration>',
});

/** oclif types short names as letters; digits work all the same, and `-4`/`-6` are what redis-cli has. */
type ShortName = 'a';

export const connectionFlags = {
  pass: Flags.string({
    char: 'a',
    summary: 'password; better in REDISCLI_AUTH or --password-file, where nobody can read it',
    helpGroup: CONNECTION,
  }),
  user: Flags.string({ summary: 'user name of an ACL user', helpGroup: CONNECTION }),
  'password-file': Flags.string({
    summary: 'file whose first line is the password',
    helpGroup: CONNECTION,
  }),
  askpass: Flags.boolean({ summary: 'ask for the password', helpGroup: CONNECTION }),
  'no-auth-warning': Flags.boolean({ hidden: true }),
  uri: Flags.string({
    char: 'u',
    summary: 'redis[s]://[user:password@]host[:port], for its login and TLS',
    helpGroup: CONNECTION,
  }),
  ipv4: Flags.boolean({
    char: '4' as ShortName,
    summary: 'prefer IPv4 when names are resolved',
    exclusive: ['ipv6'],
    helpGroup: CONNECTION,
  }),
  ipv6: Flags.boolean({
    char: '6' as ShortName,
    summary: 'prefer IPv6 when names are resolved',
    helpGroup: CONNECTION,
  }),
  tls: Flags.boolean({ summary: 'speak TLS', helpGroup: CONNECTION }),
  cacert: Flags.string({ summary: 'file of the certificate authority', helpGroup: CONNECTION }),
  cacertdir: Flags.string({
    summary: 'folder of certificate authorities',
    helpGroup: CONNECTION,
  }),
  cert: Flags.string({ summary: 'client certificate file', helpGroup: CONNECTION }),
  key: Flags.string({ summary: 'key file of the client certificate', helpGroup: CONNECTION }),
  sni: Flags.string({
    summary: 'server name to ask for and to verify',
    helpGroup: CONNECTION,
  }),
  insecure: Flags.boolean({
    summary: 'do not verify server certificates',
    helpGroup: CONNECTION,
  }),
  'tls-ciphers': Flags.string({
    aliases: ['tls-ciphersuites'],
    summary: 'ciphers to offer, in the form of OpenSSL',
    helpGroup: CONNECTION,
  }),
  'nat-map': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    summary: 'announced=reachable, for addresses the cluster announces and we cannot reach',
    helpGroup: CONNECTION,
  }),
  'connect-timeout': durationFlag({
    summary: 'how long a connection may take to open [default: 3s]',
    helpGroup: CONNECTION,
  }),
  'connect-timeout-seconds': Flags.integer({ char: 't', hidden: true, min: 0 }),
  deadline: durationFlag({
    summary: 'how long a wait may take [default: 60s]',
    helpGroup: CONNECTION,
  }),
};

export const outputFlags = {
  verbose: Flags.boolean({ summary: 'say more; show where errors come from', helpGroup: OUTPUT }),
  'no-color': Flags.boolean({
    summary: 'no colours (also: the variable NO_COLOR)',
    helpGroup: OUTPUT,
  }),
};

export const eventsFlag = Flags.boolean({
  summary: 'one line of JSON per event, as it happens',
  helpGroup: OUTPUT,
});

export const yesFlag = Flags.boolean({
  aliases: ['cluster-yes'],
  env: 'REDISCLI_CLUSTER_YES',
  summary: 'accept without being asked',
});

/** redis-cli takes it with every command; those that ask for nothing do not show it. */
export const quietYesFlag = Flags.boolean({ aliases: ['cluster-yes'], hidden: true });

export const searchOwnersFlag = Flags.boolean({
  aliases: ['cluster-search-multiple-owners'],
  summary: 'ask every primary whether it has keys of slots it does not own',
});

export const dryRunFlag = Flags.boolean({
  summary: 'show what would be done, and do nothing',
});

export const planOutFlag = Flags.string({
  summary: 'write the plan to this file for `trib apply`, and do nothing',
  helpValue: 'FILE',
  exclusive: ['dry-run'],
});

/** What the connection flags hold once parsed. */
export interface ConnectionFlags {
  readonly pass?: string | undefined;
  readonly user?: string | undefined;
  readonly 'password-file'?: string | undefined;
  readonly askpass?: boolean | undefined;
  readonly 'no-auth-warning'?: boolean | undefined;
  readonly uri?: string | undefined;
  readonly ipv4?: boolean | undefined;
  readonly ipv6?: boolean | undefined;
  readonly tls?: boolean | undefined;
  readonly cacert?: string | undefined;
  readonly cacertdir?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly sni?: string | undefined;
  readonly insecure?: boolean | undefined;
  readonly 'tls-ciphers'?: string | undefined;
  readonly 'nat-map'?: readonly string[] | undefined;
  readonly 'connect-timeout'?: number | undefined;
  readonly 'connect-timeout-seconds'?: number | undefined;
  readonly deadline?: number | undefined;
}
