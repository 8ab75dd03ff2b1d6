/** LATENCY and SLOWLOG: which calls took long. */
import { callsWithin } from '../ports/stats.js';
import { integer, quotable, SYNTAX_ERROR, wrongWords } from './arguments.js';
import { helpCommand } from './help.js';
import { latencyGraph } from './latency-graph.js';
import { family } from './spec.js';
import type { StoreCall, StoreCommandSpec } from './store-call.js';

const server = family('server');
const ADMIN = 'admin noscript loading stale';
const ADMIN_ACL = 'admin slow dangerous';
const ALL_NODES = ['request_policy:all_nodes', 'response_policy:all_succeeded'];

function latencyLatest({ reply, wings }: StoreCall): void {
  const { latency } = wings.stats;
  const events = latency.events();
  reply.array(events.length);
  for (const event of events) {
    const { atSeconds, latencyMs } = latency.samples(event).at(-1)!;
    reply.array(4);
    reply.bulk(event);
    reply.integer(atSeconds);
    reply.integer(latencyMs);
    reply.integer(latency.longestMs(event));
  }
}

function latencyHistory({ argv, reply, wings }: StoreCall): void {
  const samples = wings.stats.latency.samples(argv[2]!);
  reply.array(samples.length);
  for (const { atSeconds, latencyMs } of samples) {
    reply.array(2);
    reply.integer(atSeconds);
    reply.integer(latencyMs);
  }
}

function latencyGraphOf({ argv, nowMs, reply, wings }: StoreCall): void {
  const { latency } = wings.stats;
  const event = argv[2]!;
  const samples = latency.samples(event);
  if (samples.length === 0) {
    reply.error(`ERR No samples available for event '${quotable(event)}'`);
    return;
  }
  const longestMs = latency.longestMs(event);
  reply.verbatim(latencyGraph({ event, samples, longestMs }, nowMs));
}

function latencyDoctor({ reply, wings }: StoreCall): void {
  const { latency } = wings.stats;
  const events = latency.events();
  if (latency.thresholdMs === 0) {
    reply.verbatim(
      'Nothing is recorded: set latency-monitor-threshold to the milliseconds that are too many.\n',
    );
    return;
  }
  const lines = events.map((event) => {
    const { length } = latency.samples(event);
    return `${event}: ${length} ${length === 1 ? 'spike' : 'spikes'}, the longest ${latency.longestMs(event)} ms.`;
  });
  if (lines.length === 0) lines.push(`Nothing took ${latency.thresholdMs} ms or more.`);
  reply.verbatim(`${lines.join('\n')}\n`);
}

/** Powers of two, as the histogram of redis-server prints them. */
const HISTOGRAM_STEPS = 30;

function latencyHistogram({ argv, reply, wings }: StoreCall): void {
  const wanted = argv.slice(2).map((name) => name.toLowerCase());
  const found = [...wings.stats.commands].filter(([name, { histogram }]) => {
    const isWanted = wanted.includes(name) || wanted.includes(name.split('|')[0]!);
    return histogram !== undefined && (wanted.length === 0 || isWanted);
  });
  reply.map(found.length);
  for (const [name, { calls, histogram }] of found) {
    const steps: (readonly [limit: number, within: number])[] = [];
    let last = 0;
    for (let step = 0; step < HISTOGRAM_STEPS && last < calls; step++) {
      const within = callsWithin(histogram!, 2 ** step);
      if (within > last) steps.push([2 ** step, within]);
      last = within;
    }
    reply.bulk(name);
    reply.map(2);
    reply.bulk('calls');
    reply.integer(calls);
    reply.bulk('histogram_usec');
    reply.map(steps.length);
    for (const [limit, within] of steps) {
      reply.integer(limit);
      reply.integer(within);
    }
  }
}

/** How many slow calls SLOWLOG GET shows unless told. */
const SLOWLOG_SHOWN = 10;

function slowlogGet({ argv, reply, wings }: StoreCall): void {
  const count = argv.length === 2 ? SLOWLOG_SHOWN : integer(argv[2]!);
  if (argv.length > 3) {
    reply.error(wrongWords(argv));
    return;
  }
  if (count === undefined || count < -1) {
    reply.error('ERR count should be greater than or equal to -1');
    return;
  }
  const calls = wings.stats.slowCalls.slice(0, count === -1 ? undefined : count);
  reply.array(calls.length);
  for (const { id, atSeconds, micros, argv: words, address, clientName } of calls) {
    reply.array(6);
    reply.integer(id);
    reply.integer(atSeconds);
    reply.integer(micros);
    reply.array(words.length);
    for (const word of words) reply.bulk(word);
    reply.bulk(address);
    reply.bulk(clientName);
  }
}

export function latencyCommand(): StoreCommandSpec {
  const nodes = ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'];
  const facts = { flags: ADMIN, acl: ADMIN_ACL, since: '2.8.13', tips: nodes } as const;
  return server(
    'latency',
    { arity: -2, flags: '', acl: 'slow', since: '2.8.13', summary: 'How long commands take.' },
    ({ reply }) => reply.error(SYNTAX_ERROR),
    [
      server(
        'latest',
        { ...facts, arity: 2, summary: 'The newest sample of each latency event.' },
        latencyLatest,
      ),
      server(
        'history',
        { ...facts, arity: 3, summary: 'Past latencies of an event.' },
        latencyHistory,
      ),
      server(
        'graph',
        { ...facts, arity: 3, summary: 'Past latencies of an event as a picture.' },
        latencyGraphOf,
      ),
      server(
        'doctor',
        { ...facts, arity: 2, summary: 'What there is to say about latency.' },
        latencyDoctor,
      ),
      server(
        'histogram',
        { ...facts, arity: -2, since: '7.0.0', summary: 'Calls of commands by duration.' },
        latencyHistogram,
      ),
      server(
        'reset',
        { ...facts, arity: -2, tips: ALL_NODES, summary: 'Forgets latency events.' },
        ({ argv, reply, wings }) => reply.integer(wings.stats.latency.reset(argv.slice(2))),
      ),
      helpCommand('latency', { since: '2.8.13', group: 'server' }, [
        ['HISTOGRAM [<command> ...]', 'Calls by duration, for these commands or all.'],
        ['LATEST', 'The newest sample of each event.'],
        ['HISTORY <event>', 'Past latencies of an event.'],
        ['GRAPH <event>', 'The same as a picture.'],
        ['DOCTOR', 'What there is to say about latency.'],
        ['RESET [<event> ...]', 'Forget events.'],
      ]),
    ],
  );
}

export function slowlogCommand(): StoreCommandSpec {
  const facts = { flags: 'admin loading stale', acl: ADMIN_ACL, since: '2.2.12' } as const;
  const sum = ['request_policy:all_nodes', 'response_policy:agg_sum', 'nondeterministic_output'];
  return server(
    'slowlog',
    { arity: -2, flags: '', acl: 'slow', since: '2.2.12', summary: 'Calls that took long.' },
    ({ reply }) => reply.error(SYNTAX_ERROR),
    [
      server(
        'get',
        {
          ...facts,
          arity: -2,
          summary: 'The newest slow calls.',
          tips: ['request_policy:all_nodes', 'nondeterministic_output'],
        },
        slowlogGet,
      ),
      server(
        'len',
        { ...facts, arity: 2, summary: 'How many slow calls are kept.', tips: sum },
        ({ reply, wings }) => reply.integer(wings.stats.slowCalls.length),
      ),
      server(
        'reset',
        { ...facts, arity: 2, summary: 'Forgets the slow calls.', tips: ALL_NODES },
        ({ reply, wings }) => {
          wings.stats.slowCalls = [];
          reply.status('OK');
        },
      ),
      helpCommand('slowlog', { since: '6.2.0', group: 'server' }, [
        ['GET [<count>]', 'The newest slow calls: 10, or as many as said; -1 is all.'],
        ['LEN', 'How many there are.'],
        ['RESET', 'Forget them.'],
      ]),
    ],
  );
}
