/** MULTI, EXEC, DISCARD, WATCH: the queue itself and its execution are the dispatcher's. */
import { family } from './spec.js';
import type { StoreCall, StoreCommandSpec } from './store-call.js';

function multi(call: StoreCall): void {
  if (call.client.transaction !== undefined) {
    call.reply.error('ERR MULTI calls can not be nested');
    return;
  }
  call.sessions.beginTransaction(call.client);
  call.reply.status('OK');
}

function exec(call: StoreCall): void {
  if (call.client.transaction === undefined) call.reply.error('ERR EXEC without MULTI');
  else call.sessions.runTransaction(call.client);
}

function discard(call: StoreCall): void {
  if (call.client.transaction === undefined) {
    call.reply.error('ERR DISCARD without MULTI');
    return;
  }
  call.sessions.dropTransaction(call.client);
  call.reply.status('OK');
}

function watch(call: StoreCall): void {
  if (call.client.transaction !== undefined) {
    call.reply.error('ERR WATCH inside MULTI is not allowed');
    return;
  }
  for (let at = 1; at < call.argv.length; at++) call.client.watch(call.argv[at]!, call.nowMs);
  call.reply.status('OK');
}

function unwatch(call: StoreCall): void {
  call.client.unwatch();
  call.reply.status('OK');
}

const transaction = family('transactions');

export const TRANSACTION_COMMANDS: readonly StoreCommandSpec[] = [
  transaction(
    'multi',
    {
      arity: 1,
      flags: 'noscript loading stale fast allow_busy',
      acl: 'fast transaction',
      since: '1.2.0',
      summary: 'Begins a transaction: further commands are queued.',
    },
    multi,
  ),
  transaction(
    'exec',
    {
      arity: 1,
      flags: 'noscript loading stale skip_slowlog',
      acl: 'slow transaction',
      since: '1.2.0',
      summary: 'Runs the queued commands as one.',
    },
    exec,
  ),
  transaction(
    'discard',
    {
      arity: 1,
      flags: 'noscript loading stale fast allow_busy',
      acl: 'fast transaction',
      since: '2.0.0',
      summary: 'Forgets the queued commands.',
    },
    discard,
  ),
  transaction(
    'watch',
    {
      arity: -2,
      flags: 'noscript loading stale fast allow_busy',
      keys: [1, -1, 1],
      acl: 'fast transaction',
      since: '2.2.0',
      summary: 'Makes the next EXEC depend on these keys staying as they are.',
    },
    watch,
  ),
  transaction(
    'unwatch',
    {
      arity: 1,
      flags: 'noscript loading stale fast allow_busy',
      acl: 'fast transaction',
      since: '2.2.0',
      summary: 'Forgets all watched keys.',
    },
    unwatch,
  ),
];
