/** The commands of replication; what they do is the replication wing's. */
import { integer, NOT_AN_INTEGER, SYNTAX_ERROR } from './arguments.js';
import type { Asker, FailoverRequest } from '../ports/replication.js';
import { family } from './spec.js';
import type { StoreCall, StoreCommandSpec } from './store-call.js';

const server = family('server');
const generic = family('generic');

function asker(call: StoreCall): Asker {
  const { client, reply, nowMs } = call;
  return { client, reply, nowMs, suspend: (onCancel) => call.suspend(onCancel) };
}

function psync(call: StoreCall): void {
  const { argv, reply, wings } = call;
  const offset = integer(argv[2]!);
  if (offset === undefined) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  const isFailover = argv[3]?.toLowerCase() === 'failover';
  wings.replicas.sync({ replicationId: argv[1]!, offset, isFailover }, asker(call));
}

function sync(call: StoreCall): void {
  call.wings.replicas.sync({ replicationId: undefined, offset: -1 }, asker(call));
}

function replicaof(call: StoreCall): void {
  const { argv, client, reply, wings } = call;
  const { cluster, replicas, replication } = wings;
  const [, host, portText] = argv;
  if (cluster !== undefined) reply.error('ERR REPLICAOF not allowed in cluster mode.');
  else if (replicas.isFailingOver) reply.error('ERR REPLICAOF not allowed while failing over.');
  else if (host!.toLowerCase() === 'no' && portText!.toLowerCase() === 'one') {
    replication.promote();
    reply.status('OK');
  } else if (client.isReplica) reply.error('ERR Command is not valid when client is a replica.');
  else {
    const port = integer(portText!);
    if (port === undefined || port < 0 || port > 65_535) {
      reply.error('ERR Invalid master port');
      return;
    }
    const { primaryAddress } = replication;
    if (primaryAddress?.host === host!.toLowerCase() && primaryAddress.port === port) {
      reply.status('OK Already connected to specified master');
      return;
    }
    replication.follow({ host: host!, port });
    reply.status('OK');
  }
}

function wait(call: StoreCall): void {
  const { argv, reply, wings } = call;
  const replicas = integer(argv[1]!);
  const timeoutMs = integer(argv[2]!);
  if (wings.replication.role === 'replica') {
    reply.error(
      'ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.',
    );
  } else if (replicas === undefined) reply.error(NOT_AN_INTEGER);
  else if (timeoutMs === undefined) reply.error('ERR timeout is not an integer or out of range');
  else if (timeoutMs < 0) reply.error('ERR timeout is negative');
  else wings.replicas.wait({ replicas, timeoutMs, mayWait: call.maySuspend }, asker(call));
}

function failover(call: StoreCall): void {
  const { argv, reply, wings } = call;
  if (wings.cluster !== undefined) {
    reply.error('ERR FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER command instead.');
    return;
  }
  const request = failoverRequest(argv);
  if (typeof request === 'string') reply.error(request);
  else wings.replicas.failover(request, asker(call));
}

function failoverRequest(argv: readonly string[]): FailoverRequest | string {
  let target: { host: string; port: number } | undefined;
  let isForced = false;
  let timeoutMs: number | undefined;
  if (argv.length === 2 && argv[1]!.toLowerCase() === 'abort') return { kind: 'abort' };
  for (let at = 1; at < argv.length; at++) {
    const word = argv[at]!.toLowerCase();
    if (word === 'timeout' && at + 1 < argv.length && timeoutMs === undefined) {
      timeoutMs = integer(argv[++at]!);
      if (timeoutMs === undefined) return NOT_AN_INTEGER;
      if (timeoutMs <= 0) return 'ERR FAILOVER timeout must be greater than 0';
    } else if (word === 'to' && at + 2 < argv.length && target === undefined) {
      const port = integer(argv[at + 2]!);
      if (port === undefined) return NOT_AN_INTEGER;
      target = { host: argv[at + 1]!, port };
      at += 2;
    } else if (word === 'force' && !isForced) isForced = true;
    else return SYNTAX_ERROR;
  }
  return { kind: 'start', target, isForced, timeoutMs };
}

const ADMIN = 'admin slow dangerous';

export const REPLICATION_COMMANDS: readonly StoreCommandSpec[] = [
  server(
    'psync',
    {
      arity: -3,
      flags: 'admin noscript no_async_loading no_multi',
      acl: ADMIN,
      since: '2.8.0',
      summary: 'Makes the connection a replica that goes on from an offset.',
    },
    psync,
  ),
  server(
    'sync',
    {
      arity: 1,
      flags: 'admin noscript no_async_loading no_multi',
      acl: ADMIN,
      since: '1.0.0',
      summary: 'Makes the connection a replica, the old way.',
    },
    sync,
  ),
  server(
    'replconf',
    {
      arity: -1,
      flags: 'admin noscript loading stale allow_busy',
      acl: ADMIN,
      since: '3.0.0',
      summary: 'What a replica tells its primary about itself.',
    },
    (call) => call.wings.replicas.replconf(call.argv, asker(call)),
  ),
  server(
    'role',
    {
      arity: 1,
      flags: 'noscript loading stale fast',
      acl: 'admin fast dangerous',
      since: '2.8.12',
      summary: 'Whether this is a primary or a replica, of whom, and how far.',
    },
    (call) => call.wings.replicas.writeRole(call.reply),
  ),
  ...['replicaof', 'slaveof'].map((name) =>
    server(
      name,
      {
        arity: 3,
        flags: 'admin noscript stale no_async_loading',
        acl: ADMIN,
        since: name === 'replicaof' ? '5.0.0' : '1.0.0',
        summary: 'Follows a primary, or becomes one with NO ONE.',
      },
      replicaof,
    ),
  ),
  server(
    'failover',
    {
      arity: -1,
      flags: 'admin noscript stale',
      acl: ADMIN,
      since: '6.2.0',
      summary: 'Hands over to a replica; not in a cluster.',
    },
    failover,
  ),
  generic(
    'wait',
    {
      arity: 3,
      flags: 'noscript',
      acl: 'slow connection',
      since: '3.0.0',
      summary: 'Waits until so many replicas hold what was written.',
      tips: ['request_policy:all_shards', 'response_policy:agg_min'],
    },
    wait,
  ),
];
