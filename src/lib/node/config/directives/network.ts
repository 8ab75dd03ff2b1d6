/** Where the node listens, whom it lets in, and how long a silent client may stay. */
import {
  choice,
  type Directive,
  integer,
  octal,
  text,
  UINT_MAX,
  words,
  yesNo,
} from '../directive.js';
import { bindKind } from './words.js';

export const NETWORK_DIRECTIVES: readonly Directive[] = [
  words('bind', '* -::*', bindKind, ['effective', 'A `-` before an address makes it optional.']),
  text('bind-source-addr', '', [
    'accepted',
    'Outgoing links leave from the address the system picks.',
  ]),
  integer('port', 6379, ['effective', '0 listens nowhere.'], { max: 65535 }),
  yesNo('protected-mode', 'yes', [
    'effective',
    'Without a password only loopback clients are served.',
  ]),
  integer('tcp-backlog', 511, ['effective', 'The length of the accept queue.'], {
    immutable: true,
  }),
  integer('tcp-keepalive', 300, ['effective', 'Seconds; 0 is off.']),
  integer('timeout', 0, ['effective', 'Seconds until an idle client is closed; 0 is never.']),
  integer('maxclients', 10000, ['effective', 'More clients are turned away.'], {
    min: 1,
    max: UINT_MAX,
  }),
  text('unixsocket', '', ['refused', 'Unix sockets are not served; use bind and port.'], {
    immutable: true,
  }),
  octal('unixsocketperm', 0o777, ['accepted', 'There is no unix socket.'], { immutable: true }),
  integer('socket-mark-id', 0, ['accepted', 'Node.js cannot mark sockets.'], {
    max: UINT_MAX,
    immutable: true,
  }),
  text('requirepass', '', ['effective', 'The password of the default user.']),
  text('aclfile', '', ['refused', 'There is one user, `default`; use requirepass.'], {
    immutable: true,
  }),
  integer('acllog-max-len', 128, ['accepted', 'ACL LOG is empty.'], { max: 2n ** 63n - 1n }),
  choice('acl-pubsub-default', ['allchannels', 'resetchannels'], 'resetchannels', [
    'accepted',
    'There is one user, `default`, who may do everything.',
  ]),
  choice(
    'enable-protected-configs',
    ['no', 'yes', 'local'],
    'no',
    ['effective', 'Whether CONFIG SET may change dir and dbfilename.'],
    { immutable: true },
  ),
  choice(
    'enable-debug-command',
    ['no', 'yes', 'local'],
    'no',
    ['effective', 'Whether DEBUG is served: never, to all, or to loopback clients.'],
    { immutable: true },
  ),
  choice(
    'enable-module-command',
    ['no', 'yes', 'local'],
    'no',
    ['accepted', 'MODULE LOAD is refused anyway: there are no modules.'],
    { immutable: true },
  ),
];
