/** Encrypted links. Relative paths are relative to `dir`; a certificate may be followed by its chain. */
import { choice, type Directive, integer, text, yesNo } from '../directive.js';

/** A file may be renewed under its name: setting the same name again reads it again. */
const FILE = { isVolatile: true } as const;

export const TLS_DIRECTIVES: readonly Directive[] = [
  integer('tls-port', 0, ['effective', 'Where clients are served over TLS; 0 is nowhere.'], {
    max: 65535,
  }),
  yesNo('tls-cluster', 'no', ['effective', 'TLS on the cluster bus and for MIGRATE.']),
  yesNo('tls-replication', 'no', ['effective', 'A replica reaches its primary over TLS.']),
  choice('tls-auth-clients', ['no', 'yes', 'optional'], 'yes', [
    'effective',
    'Whether clients must, need not or may show a certificate that our CA signed.',
  ]),
  text('tls-cert-file', '', ['effective', 'PEM; shown to clients and peers.'], FILE),
  text('tls-key-file', '', ['effective', 'PEM; the key of tls-cert-file.'], FILE),
  text('tls-key-file-pass', '', ['effective', 'For an encrypted key.']),
  text(
    'tls-client-cert-file',
    '',
    ['effective', 'Shown on our own connections to others, instead of tls-cert-file.'],
    FILE,
  ),
  text('tls-client-key-file', '', ['effective', 'The key of tls-client-cert-file.'], FILE),
  text('tls-client-key-file-pass', '', ['effective', 'For an encrypted key.']),
  text('tls-ca-cert-file', '', ['effective', 'Whose signatures count, in both directions.'], FILE),
  text('tls-ca-cert-dir', '', ['effective', 'A folder of such certificates, read at once.'], FILE),
  text(
    'tls-dh-params-file',
    '',
    ['effective', 'For finite-field Diffie-Hellman, up to TLSv1.2.'],
    FILE,
  ),
  text('tls-protocols', '', ['effective', 'Empty is TLSv1.2 and TLSv1.3.']),
  text('tls-ciphers', '', ['effective', 'Up to TLSv1.2; empty is what Node.js offers.']),
  text('tls-ciphersuites', '', ['effective', 'For TLSv1.3; empty is what Node.js offers.']),
  yesNo('tls-prefer-server-ciphers', 'no', ['effective', 'Our order of ciphers counts.']),
  yesNo('tls-session-caching', 'yes', ['effective', 'Whether clients may resume a session.']),
  integer('tls-session-cache-size', 20480, [
    'accepted',
    'Sessions are resumed by tickets, which clients keep.',
  ]),
  integer('tls-session-cache-timeout', 300, ['effective', 'Seconds a ticket is good for.']),
];
