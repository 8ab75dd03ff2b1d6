/** TLS is not served by the embedded node; whoever asks for it must not get plain text instead. */
import { choice, type Directive, integer, text, yesNo } from '../directive.js';

const REFUSED = ['refused', 'The embedded node does not serve TLS.'] as const;
const UNUSED = ['accepted', 'The embedded node does not serve TLS.'] as const;

export const TLS_DIRECTIVES: readonly Directive[] = [
  integer('tls-port', 0, REFUSED, { max: 65535 }),
  yesNo('tls-cluster', 'no', REFUSED),
  yesNo('tls-replication', 'no', REFUSED),
  choice('tls-auth-clients', ['no', 'yes', 'optional'], 'yes', UNUSED),
  yesNo('tls-prefer-server-ciphers', 'no', UNUSED),
  yesNo('tls-session-caching', 'yes', UNUSED),
  integer('tls-session-cache-size', 20480, UNUSED),
  integer('tls-session-cache-timeout', 300, UNUSED),
  ...[
    'tls-cert-file',
    'tls-key-file',
    'tls-key-file-pass',
    'tls-client-cert-file',
    'tls-client-key-file',
    'tls-client-key-file-pass',
    'tls-dh-params-file',
    'tls-ca-cert-file',
    'tls-ca-cert-dir',
    'tls-protocols',
    'tls-ciphers',
    'tls-ciphersuites',
  ].map((name) => text(name, '', UNUSED)),
];
