/** Files: where they are, when they are written, and how sure their writing is. */
import {
  choice,
  type Directive,
  integer,
  LONG_MAX,
  memory,
  text,
  words,
  yesNo,
} from '../directive.js';
import { checkName } from './checks.js';
import { saveKind } from './words.js';

export const PERSISTENCE_DIRECTIVES: readonly Directive[] = [
  text('dir', './', ['effective', 'The folder of nodes.conf and every other relative file.'], {
    isProtected: true,
  }),
  words('save', '3600 1 300 100 60 10000', saveKind, [
    'effective',
    'Seconds and changes after which data are saved.',
  ]),
  text('dbfilename', 'dump.rdb', ['effective', 'The RDB file, in dir.'], {
    isProtected: true,
    check: (value) => checkName('dbfilename', 'filename', value),
  }),
  yesNo('stop-writes-on-bgsave-error', 'yes', [
    'effective',
    'While saving fails, writes are refused with MISCONF.',
  ]),
  yesNo('rdbcompression', 'yes', [
    'effective',
    'Long strings in their short form, where that saves anything.',
  ]),
  yesNo('rdbchecksum', 'yes', ['effective', 'No: eight zero bytes in its place.'], {
    immutable: true,
  }),
  yesNo('rdb-save-incremental-fsync', 'yes', [
    'effective',
    'A file is brought to the disk as it grows.',
  ]),
  yesNo('rdb-del-sync-files', 'no', ['accepted', 'Syncs leave no files.']),
  choice('sanitize-dump-payload', ['no', 'yes', 'clients'], 'no', [
    'accepted',
    'What RESTORE is given is always checked.',
  ]),
  integer('rdb-key-save-delay', 0, ['accepted', 'A debugging aid of redis-server.'], {
    min: -(2n ** 31n),
    hidden: true,
  }),
  integer('key-load-delay', 0, ['accepted', 'A debugging aid of redis-server.'], {
    min: -(2n ** 31n),
    hidden: true,
  }),
  integer(
    'loading-process-events-interval-bytes',
    2_097_152,
    ['accepted', 'Loading is sliced by time.'],
    {
      min: 1024,
      hidden: true,
    },
  ),
  yesNo('appendonly', 'no', [
    'effective',
    'Writes are appended to a file; loaded from it at start.',
  ]),
  text('appendfilename', 'appendonly.aof', ['effective', 'What its files are called by.'], {
    immutable: true,
    check: (value) => checkName('appendfilename', 'filename', value),
  }),
  text('appenddirname', 'appendonlydir', ['effective', 'Their folder, in dir.'], {
    immutable: true,
    check: (value) => checkName('appenddirname', 'dirname', value),
  }),
  choice('appendfsync', ['everysec', 'always', 'no'], 'everysec', [
    'effective',
    'When what is written is brought to the disk itself.',
  ]),
  yesNo('no-appendfsync-on-rewrite', 'no', [
    'effective',
    'No syncs while files are written in the background.',
  ]),
  integer('auto-aof-rewrite-percentage', 100, [
    'effective',
    'Growth after which the file is rewritten; 0 is never.',
  ]),
  memory(
    'auto-aof-rewrite-min-size',
    67_108_864,
    ['effective', 'A smaller file is not rewritten.'],
    { max: LONG_MAX },
  ),
  yesNo('aof-load-truncated', 'yes', [
    'effective',
    'No: a file with an unfinished end is refused.',
  ]),
  yesNo('aof-use-rdb-preamble', 'yes', ['effective', 'No: bases are made of commands.']),
  yesNo('aof-timestamp-enabled', 'no', ['effective', 'Lines that tell when.']),
  yesNo('aof-disable-auto-gc', 'no', ['effective', 'Yes: parts that a rewrite replaced stay.']),
  yesNo('aof-rewrite-incremental-fsync', 'yes', [
    'effective',
    'A base is brought to the disk as it grows.',
  ]),
];
