/** MEMORY: what V8 says, and an estimate per key. */
import { integer, SYNTAX_ERROR } from './arguments.js';
import { helpCommand } from './help.js';
import type { Value } from '../store/value.js';
import { humanBytes } from './info-format.js';
import { family } from './spec.js';
import type { StoreCall, StoreCommandSpec } from './store-call.js';

const server = family('server');

/** A string, its key and the entry that joins them: V8's headers, pointers and index places, about. */
const ENTRY_OVERHEAD_BYTES = 160;

function memoryUsage({ argv, db, nowMs, reply }: StoreCall): void {
  const samples = argv.length === 5 ? integer(argv[4]!) : 0;
  const isFine = argv.length === 3 || (argv.length === 5 && argv[3]!.toLowerCase() === 'samples');
  if (!isFine || samples === undefined || samples < 0) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  const entry = db.peek(argv[2]!, nowMs);
  if (entry === undefined) reply.null();
  else reply.integer(ENTRY_OVERHEAD_BYTES + entry.key.length + valueBytes(entry.value));
}

/** What V8 spends per element of a collection besides its characters, about. */
const ELEMENT_OVERHEAD_BYTES = 48;

function valueBytes(value: Value): number {
  if (typeof value === 'string') return value.length;
  let bytes = 0;
  const add = (text: string): void => void (bytes += ELEMENT_OVERHEAD_BYTES + text.length);
  if (value.kind === 'list' || value.kind === 'set') for (const element of value) add(element);
  else if (value.kind === 'zset') value.forEach(add);
  else {
    value.forEach((field, text) => {
      add(field);
      add(text);
    });
  }
  return bytes;
}

function memoryDoctor({ reply, wings }: StoreCall): void {
  const { usedBytes, rssBytes, heapTotalBytes } = wings.host.memory();
  const [used, total, rss] = [usedBytes, heapTotalBytes, rssBytes].map(humanBytes);
  reply.verbatim(`${used} in use, heap of ${total}, ${rss} resident. V8 collects by itself.\n`);
}

function memoryStats({ keyspace, reply, wings }: StoreCall): void {
  const { usedBytes, peakBytes, rssBytes, heapTotalBytes } = wings.host.memory();
  const keys = keyspace.keyCount();
  const integers: readonly (readonly [string, number])[] = [
    ['peak.allocated', peakBytes],
    ['total.allocated', usedBytes],
    ['startup.allocated', 0],
    ['replication.backlog', 0],
    ['clients.slaves', 0],
    ['clients.normal', 0],
    ['cluster.links', 0],
    ['aof.buffer', 0],
    ['lua.caches', 0],
    ['functions.caches', 0],
    ['overhead.total', 0],
    ['keys.count', keys],
    ['keys.bytes-per-key', keys === 0 ? 0 : Math.floor(usedBytes / keys)],
    ['dataset.bytes', usedBytes],
    ['allocator.allocated', usedBytes],
    ['allocator.active', heapTotalBytes],
    ['allocator.resident', rssBytes],
  ];
  reply.map(integers.length + 2);
  for (const [name, value] of integers) {
    reply.bulk(name);
    reply.integer(value);
  }
  reply.bulk('peak.percentage');
  reply.double((usedBytes * 100) / peakBytes);
  reply.bulk('fragmentation');
  reply.double(rssBytes / usedBytes);
}

export function memoryCommand(): StoreCommandSpec {
  const shards = ['request_policy:all_shards', 'response_policy:special'];
  const facts = {
    flags: '',
    acl: 'slow',
    since: '4.0.0',
    tips: ['nondeterministic_output', ...shards],
  } as const;
  return server(
    'memory',
    { arity: -2, flags: '', acl: 'slow', since: '4.0.0', summary: 'What memory is used for.' },
    ({ reply }) => reply.error(SYNTAX_ERROR),
    [
      server(
        'usage',
        {
          arity: -3,
          flags: 'readonly',
          keys: [2, 2, 1],
          acl: 'read slow',
          since: '4.0.0',
          summary: 'About how many bytes a key and its value take.',
        },
        memoryUsage,
      ),
      server(
        'doctor',
        { ...facts, arity: 2, summary: 'What there is to say about memory.' },
        memoryDoctor,
      ),
      server('stats', { ...facts, arity: 2, summary: 'Memory in numbers.' }, memoryStats),
      server(
        'malloc-stats',
        { ...facts, arity: 2, summary: 'Figures of the allocator; V8 is asked by INFO memory.' },
        ({ reply }) => reply.bulk('Stats not supported for the current allocator'),
      ),
      server(
        'purge',
        {
          ...facts,
          arity: 2,
          summary: 'Asks for memory to be given back; V8 does that by itself.',
          tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
        },
        ({ reply }) => reply.status('OK'),
      ),
      helpCommand('memory', { since: '4.0.0', group: 'server' }, [
        ['USAGE <key> [SAMPLES <count>]', 'About how many bytes a key and its value take.'],
        ['STATS', 'Memory in numbers.'],
        ['DOCTOR', 'The same in a sentence.'],
        ['MALLOC-STATS', 'Nothing: V8 has no such report.'],
        ['PURGE', 'Nothing: V8 gives memory back by itself.'],
      ]),
    ],
  );
}
