/** The server an import takes keys from: it has a login and TLS of its own. */
import { Flags } from '@oclif/core';
import type { Target } from '../cluster/address.js';
import type { ConnectionOptions } from '../client/connection-options.js';
import { connectionFrom, type Surroundings } from './connection.js';
import type { ConnectionFlags } from './flags.js';

const SOURCE = 'SOURCE';

export const sourceFlags = {
  'from-user': Flags.string({
    aliases: ['cluster-from-user'],
    summary: 'user name of an ACL user of the source',
    helpGroup: SOURCE,
  }),
  'from-pass': Flags.string({
    aliases: ['cluster-from-pass'],
    summary: 'password of the source; better in TRIB_FROM_AUTH or --from-password-file',
    helpGroup: SOURCE,
  }),
  'from-password-file': Flags.string({
    summary: 'file whose first line is the password of the source',
    helpGroup: SOURCE,
  }),
  'from-askpass': Flags.boolean({
    aliases: ['cluster-from-askpass'],
    summary: 'ask for the password of the source',
    helpGroup: SOURCE,
  }),
  'from-tls': Flags.boolean({ summary: 'speak TLS with the source', helpGroup: SOURCE }),
  'from-cacert': Flags.string({
    summary: "file of the source's certificate authority [default: --cacert]",
    helpGroup: SOURCE,
  }),
  'from-cert': Flags.string({
    summary: 'client certificate for the source [default: --cert]',
    helpGroup: SOURCE,
  }),
  'from-key': Flags.string({
    summary: 'key file of that certificate [default: --key]',
    helpGroup: SOURCE,
  }),
  'from-sni': Flags.string({
    summary: 'server name of the source to ask for and to verify',
    helpGroup: SOURCE,
  }),
  'from-insecure': Flags.boolean({
    summary: 'do not verify the certificate of the source',
    helpGroup: SOURCE,
  }),
};

export interface SourceFlags extends ConnectionFlags {
  readonly 'from-user'?: string | undefined;
  readonly 'from-pass'?: string | undefined;
  readonly 'from-password-file'?: string | undefined;
  readonly 'from-askpass'?: boolean | undefined;
  readonly 'from-tls'?: boolean | undefined;
  readonly 'from-cacert'?: string | undefined;
  readonly 'from-cert'?: string | undefined;
  readonly 'from-key'?: string | undefined;
  readonly 'from-sni'?: string | undefined;
  readonly 'from-insecure'?: boolean | undefined;
}

/** What is said of the connection itself goes for both sides, what is said of a login for one. */
export function sourceConnectionFrom(
  flags: SourceFlags,
  source: Target,
  surroundings: Surroundings,
): Promise<ConnectionOptions> {
  const own: ConnectionFlags = {
    user: flags['from-user'],
    pass: flags['from-pass'],
    'password-file': flags['from-password-file'],
    askpass: flags['from-askpass'],
    'no-auth-warning': flags['no-auth-warning'],
    tls: flags['from-tls'],
    cacert: flags['from-cacert'] ?? flags.cacert,
    cacertdir: flags['from-cacert'] === undefined ? flags.cacertdir : undefined,
    cert: flags['from-cert'] ?? flags.cert,
    key: flags['from-key'] ?? flags.key,
    sni: flags['from-sni'],
    insecure: flags['from-insecure'],
    'tls-ciphers': flags['tls-ciphers'],
    ipv4: flags.ipv4,
    ipv6: flags.ipv6,
    'connect-timeout': flags['connect-timeout'],
    'connect-timeout-seconds': flags['connect-timeout-seconds'],
    deadline: flags.deadline,
  };
  return connectionFrom(own, [source], {
    ...surroundings,
    env: { REDISCLI_AUTH: surroundings.env['TRIB_FROM_AUTH'] },
    passwordPrompt: 'Please input import source node password: ',
  });
}
