/** MEMORY: what V8 says, and an estimate per key. */
import { integer, NOT_AN_INTEGER, SYNTAX_ERROR } from './arguments.js';
import { helpCommand } from './help.js';
import { Database } from '../store/database.js';
import { entryWeight } from '../store/weight.js';
import { humanBytes } from './info-format.js';
import { memoryAccount } from './memory-account.js';
import { family } from './spec.js';
import type { StoreCall, StoreCommandSpec } from './store-call.js';

const server = family('server');

/** Elements of a collection that MEMORY USAGE looks at unless told. */
const USAGE_SAMPLES = 5;

function memoryUsage({ argv, db, reply }: StoreCall): void {
  let samples: number | undefined = USAGE_SAMPLES;
  for (let at = 3; at < argv.length; at += 2) {
    const text = argv[at + 1];
    const isSamples = argv[at]!.toLowerCase() === 'samples' && text !== undefined;
    samples = isSamples ? integer(text) : -1;
    if (samples === undefined || samples < 0) {
      reply.error(samples === undefined ? NOT_AN_INTEGER : SYNTAX_ERROR);
      return;
    }
  }
  // As real servers: what is there weighs something, also when its time has come.
  const entry = db.raw(argv[2]!);
  if (entry === undefined) reply.null();
  else reply.integer(entryWeight(entry, samples === 0 ? Infinity : samples));
}

function memoryDoctor(call: StoreCall): void {
  const { usedBytes } = memoryAccount(call);
  const { rssBytes, heapTotalBytes } = call.wings.host.memory();
  const [used, total, rss] = [usedBytes, heapTotalBytes, rssBytes].map(humanBytes);
  call.reply.verbatim(
    `${used} in use here; the process has a heap of ${total}, ${rss} resident. V8 collects by itself.\n`,
  );
}

/** What a database's maps and indexes take, per key and per expiry. */
const INDEX_BYTES = 72;
const EXPIRY_BYTES = 24;

function memoryStats(call: StoreCall): void {
  const { keyspace, reply } = call;
  const { heapUsedBytes, heapTotalBytes, rssBytes } = call.wings.host.memory();
  const account = memoryAccount(call);
  const { usedBytes, peakBytes, datasetBytes } = account;
  const keys = keyspace.keyCount();
  const databases = keyspace.databases.filter((db) => db.size > 0);
  const fields: readonly Field[] = [
    ['peak.allocated', peakBytes],
    ['total.allocated', usedBytes],
    ['startup.allocated', 0],
    ['replication.backlog', account.backlogBytes],
    ['clients.slaves', account.replicaBytes],
    ['clients.normal', account.clientBytes],
    ['cluster.links', 0],
    ['aof.buffer', 0],
    ['lua.caches', 0],
    ['functions.caches', 0],
    ...databases.map((db): Field => [`db.${db.index}`, db]),
    ['overhead.total', usedBytes - datasetBytes],
    ['keys.count', keys],
    ['keys.bytes-per-key', keys === 0 ? 0 : Math.floor(usedBytes / keys)],
    ['dataset.bytes', datasetBytes],
    ['dataset.percentage', decimal(usedBytes === 0 ? 0 : (datasetBytes * 100) / usedBytes)],
    ['peak.percentage', decimal(peakBytes === 0 ? 100 : (usedBytes * 100) / peakBytes)],
    ['allocator.allocated', heapUsedBytes],
    ['allocator.active', heapTotalBytes],
    ['allocator.resident', rssBytes],
    ['allocator-fragmentation.ratio', decimal(heapTotalBytes / heapUsedBytes)],
    ['allocator-fragmentation.bytes', heapTotalBytes - heapUsedBytes],
    ['allocator-rss.ratio', decimal(rssBytes / heapTotalBytes)],
    ['allocator-rss.bytes', rssBytes - heapTotalBytes],
    ['rss-overhead.ratio', decimal(1)],
    ['rss-overhead.bytes', 0],
    ['fragmentation', decimal(rssBytes / Math.max(1, usedBytes))],
    ['fragmentation.bytes', rssBytes - usedBytes],
  ];
  reply.map(fields.length);
  for (const [name, value] of fields) {
    reply.bulk(name);
    if (typeof value === 'number') reply.integer(value);
    else if (value instanceof Database) databaseOverhead(call, value);
    else reply.double(value.decimal);
  }
}

/** Whole numbers, numbers with a fraction, and databases, which are maps of their own. */
type Field = readonly [name: string, value: number | { readonly decimal: number } | Database];

const decimal = (value: number): { readonly decimal: number } => ({ decimal: value });

function databaseOverhead({ reply }: StoreCall, db: Database): void {
  reply.map(3);
  reply.bulk('overhead.hashtable.main');
  reply.integer(db.size * INDEX_BYTES);
  reply.bulk('overhead.hashtable.expires');
  reply.integer(db.expiringCount * EXPIRY_BYTES);
  reply.bulk('overhead.hashtable.slot-to-keys');
  reply.integer(0);
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
