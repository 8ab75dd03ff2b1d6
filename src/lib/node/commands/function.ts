/**
 * Scripting is not served: there is no Lua here. What asks about functions gets the truth about an empty
 * set (add-node tools copy functions to every new member, and there are none); what wants to run or load
 * something gets an error that says so. It is no `unknown command`, because clients take that for an old
 * server and fall back to other commands instead of telling their user.
 */
import { Crc64 } from '../../wire/crc64.js';
import { fromBytes, toBytes } from '../../kernel/bytes.js';
import { helpCommand } from './help.js';
import { family } from './spec.js';
import type { StoreCall, StoreCommandSpec } from './store-call.js';

const scripting = family('scripting');
const NOT_SERVED = 'ERR Scripting is not served by this node: it has no Lua interpreter.';
const NOT_BUSY = 'NOTBUSY No scripts in execution right now.';
const EVERYWHERE = ['request_policy:all_shards', 'response_policy:all_succeeded'];

/** RDB version of the payload, as redis-server 7.0 writes it, and the newest that may hold functions here. */
const PAYLOAD_VERSION = 10;

/** A payload is the libraries (none), the version in two bytes, and the checksum of both. */
function emptyDump(): string {
  const version = Buffer.from([PAYLOAD_VERSION, 0]);
  return fromBytes(Buffer.concat([version, new Crc64().update(version).digest()]));
}

const FOOTER_BYTES = 10;

function hasSoundFooter(payload: Buffer): boolean {
  if (payload.length < FOOTER_BYTES) return false;
  const footer = payload.length - FOOTER_BYTES;
  if (payload.readUInt16LE(footer) > PAYLOAD_VERSION) return false;
  const sum = new Crc64().update(payload, 0, footer + 2).digest();
  return sum.equals(payload.subarray(footer + 2));
}

function restore({ argv, reply }: StoreCall): void {
  const policy = argv[3]?.toLowerCase();
  if (argv.length > 4) {
    reply.error(
      "ERR unknown subcommand or wrong number of arguments for 'restore'. Try FUNCTION HELP.",
    );
  } else if (policy !== undefined && !['flush', 'append', 'replace'].includes(policy)) {
    reply.error('ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.');
  } else if (!hasSoundFooter(toBytes(argv[2]!))) {
    reply.error('ERR DUMP payload version or checksum are wrong');
  } else if (argv[2]!.length > FOOTER_BYTES) {
    reply.error(`${NOT_SERVED} The payload holds libraries, so nothing was restored.`);
  } else {
    reply.status('OK');
  }
}

function flush({ argv, reply }: StoreCall): void {
  const mode = argv[2]?.toLowerCase();
  if (argv.length > 3) {
    reply.error(
      "ERR unknown subcommand or wrong number of arguments for 'flush'. Try FUNCTION HELP.",
    );
  } else if (mode !== undefined && mode !== 'sync' && mode !== 'async') {
    reply.error('ERR FUNCTION FLUSH only supports SYNC|ASYNC option');
  } else {
    reply.status('OK');
  }
}

function list({ argv, reply }: StoreCall): void {
  const seen = new Set<string>();
  for (let at = 2; at < argv.length; at++) {
    const word = argv[at]!.toLowerCase();
    if ((word !== 'withcode' && word !== 'libraryname') || seen.has(word)) {
      reply.error(`ERR Unknown argument ${argv[at]!}`);
      return;
    }
    seen.add(word);
    if (word === 'libraryname' && ++at >= argv.length) {
      reply.error('ERR library name argument was not given');
      return;
    }
  }
  reply.array(0);
}

/** No engine is named: a client that looks for LUA here shall not find it. */
function stats({ reply }: StoreCall): void {
  reply.map(2);
  reply.bulk('running_script');
  reply.null();
  reply.bulk('engines');
  reply.map(0);
}

const refuse = ({ reply }: StoreCall): void => reply.error(NOT_SERVED);

/** Keys of EVAL and its kind: a count, then the keys. */
function countedKeys(argv: readonly string[]): readonly number[] {
  const count = Number(argv[2]);
  const isFine = Number.isInteger(count) && count >= 0 && count <= argv.length - 3;
  return isFine ? Array.from({ length: count }, (_, at) => at + 3) : [];
}

function runner(name: string, since: string): StoreCommandSpec {
  const isReadonly = name.endsWith('_ro');
  const flags = 'noscript stale skip_monitor no_mandatory_keys movablekeys';
  const facts = {
    arity: -3,
    flags: isReadonly ? `readonly ${flags}` : flags,
    acl: 'slow scripting',
    since,
    summary: 'Refused: scripting is not served by this node.',
  };
  return { ...scripting(name, facts, refuse), keyIndexes: countedKeys };
}

function functionCommand(): StoreCommandSpec {
  const changes = {
    flags: 'write denyoom noscript',
    acl: 'write slow scripting',
    since: '7.0.0',
    tips: EVERYWHERE,
  } as const;
  const asks = { flags: 'noscript', acl: 'slow scripting', since: '7.0.0' } as const;
  const busy = { ...asks, flags: 'noscript allow_busy' } as const;
  const anywhere = ['request_policy:all_shards', 'response_policy:one_succeeded'];
  const special = [
    'nondeterministic_output',
    'request_policy:all_shards',
    'response_policy:special',
  ];
  return scripting(
    'function',
    { arity: -2, flags: '', acl: 'slow', since: '7.0.0', summary: 'Functions: there are none.' },
    refuse,
    [
      scripting('load', { ...changes, arity: -3, summary: 'Refused: there is no Lua.' }, refuse),
      scripting(
        'delete',
        { ...changes, flags: 'write noscript', arity: 3, summary: 'There is none to delete.' },
        ({ reply }) => reply.error('ERR Library not found'),
      ),
      scripting(
        'flush',
        { ...changes, flags: 'write noscript', arity: -2, summary: 'Deletes all none of them.' },
        flush,
      ),
      scripting(
        'restore',
        { ...changes, arity: -3, summary: 'Takes a payload without libraries.' },
        restore,
      ),
      scripting(
        'list',
        {
          ...asks,
          arity: -2,
          summary: 'The libraries: none.',
          tips: ['nondeterministic_output_order'],
        },
        list,
      ),
      scripting('dump', { ...asks, arity: 2, summary: 'A payload without libraries.' }, (call) =>
        call.reply.bulk(emptyDump()),
      ),
      scripting('stats', { ...busy, arity: 2, summary: 'Nothing runs.', tips: special }, stats),
      scripting(
        'kill',
        { ...busy, arity: 2, summary: 'There is nothing to stop.', tips: anywhere },
        ({ reply }) => reply.error(NOT_BUSY),
      ),
      helpCommand('function', { since: '7.0.0', group: 'scripting', acl: ['scripting'] }, [
        ['LIST [LIBRARYNAME <pattern>] [WITHCODE]', 'The libraries: none.'],
        ['DUMP', 'A payload without libraries.'],
        ['RESTORE <payload> [FLUSH|APPEND|REPLACE]', 'Takes a payload without libraries.'],
        ['FLUSH [ASYNC|SYNC]', 'Nothing to delete.'],
        ['STATS', 'Nothing runs.'],
      ]),
    ],
  );
}

function scriptCommand(): StoreCommandSpec {
  const asks = { flags: 'noscript', acl: 'slow scripting' } as const;
  const nodes = ['request_policy:all_nodes', 'response_policy:all_succeeded'];
  return scripting(
    'script',
    { arity: -2, flags: '', acl: 'slow', since: '2.6.0', summary: 'Scripts: there are none.' },
    refuse,
    [
      scripting(
        'exists',
        {
          ...asks,
          arity: -3,
          since: '2.6.0',
          summary: 'No script is known here.',
          tips: ['request_policy:all_shards', 'response_policy:agg_logical_and'],
        },
        ({ argv, reply }) => {
          reply.array(argv.length - 2);
          for (let at = 2; at < argv.length; at++) reply.integer(0);
        },
      ),
      scripting(
        'flush',
        { ...asks, arity: -2, since: '2.6.0', summary: 'Nothing to forget.', tips: nodes },
        ({ reply }) => reply.status('OK'),
      ),
      scripting(
        'kill',
        {
          ...asks,
          flags: 'noscript allow_busy',
          arity: 2,
          since: '2.6.0',
          summary: 'There is nothing to stop.',
          tips: ['request_policy:all_shards', 'response_policy:one_succeeded'],
        },
        ({ reply }) => reply.error(NOT_BUSY),
      ),
      scripting(
        'load',
        {
          ...asks,
          flags: 'noscript stale',
          arity: 3,
          since: '2.6.0',
          summary: 'Refused: there is no Lua.',
          tips: nodes,
        },
        refuse,
      ),
      scripting(
        'debug',
        { ...asks, arity: 3, since: '3.2.0', summary: 'Refused: there is no Lua.' },
        refuse,
      ),
      helpCommand('script', { since: '5.0.0', group: 'scripting', acl: ['scripting'] }, [
        ['EXISTS <sha1> [<sha1> ...]', 'No script is known here.'],
        ['FLUSH [ASYNC|SYNC]', 'Nothing to forget.'],
      ]),
    ],
  );
}

export const FUNCTION_COMMANDS: readonly StoreCommandSpec[] = [
  functionCommand(),
  scriptCommand(),
  runner('eval', '2.6.0'),
  runner('evalsha', '2.6.0'),
  runner('eval_ro', '7.0.0'),
  runner('evalsha_ro', '7.0.0'),
  runner('fcall', '7.0.0'),
  runner('fcall_ro', '7.0.0'),
];
