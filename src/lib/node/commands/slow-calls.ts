/** LATENCY and SLOWLOG: which calls took long. */
import { callsWithin } from '../ports/stats.js';
import { integer, SYNTAX_ERROR } from './arguments.js';
import { helpCommand } from './help.js';
import { family } from './spec.js';
import type { StoreCall, StoreCommandSpec } from './store-call.js';

const server = family('server');
const ADMIN = 'admin noscript loading stale';
const ADMIN_ACL = 'admin slow dangerous';
const ALL_NODES = ['request_policy:all_nodes', 'response_policy:all_succeeded'];

const NO_EVENTS =
  'Latency events are not recorded by this node; LATENCY HISTOGRAM and INFO latencystats are.\n';

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
    reply.error("ERR wrong number of arguments for 'slowlog|get' command");
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
        { ...facts, arity: 2, summary: 'The newest latency events; none are recorded here.' },
        ({ reply }) => reply.array(0),
      ),
      server(
        'history',
        { ...facts, arity: 3, summary: 'Past latencies of an event; none are recorded here.' },
        ({ reply }) => reply.array(0),
      ),
      server(
        'graph',
        { ...facts, arity: 3, summary: 'Past latencies as a picture; none are recorded here.' },
        ({ argv, reply }) => reply.error(`ERR No samples available for event '${argv[2]!}'`),
      ),
      server(
        'doctor',
        { ...facts, arity: 2, summary: 'What there is to say about latency.' },
        ({ reply }) => reply.verbatim(NO_EVENTS),
      ),
      server(
        'histogram',
        { ...facts, arity: -2, since: '7.0.0', summary: 'Calls of commands by duration.' },
        latencyHistogram,
      ),
      server(
        'reset',
        { ...facts, arity: -2, tips: ALL_NODES, summary: 'Forgets latency events.' },
        ({ reply }) => reply.integer(0),
      ),
      helpCommand('latency', { since: '2.8.13', group: 'server' }, [
        ['HISTOGRAM [<command> ...]', 'Calls by duration, for these commands or all.'],
        ['LATEST', 'The newest events (none are recorded here).'],
        ['HISTORY <event>', 'Past latencies of an event (none are recorded here).'],
        ['GRAPH <event>', 'The same as a picture (none are recorded here).'],
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
