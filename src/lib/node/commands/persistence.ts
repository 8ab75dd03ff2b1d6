/** SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF. The files are the persistence wing's. */
import { SYNTAX_ERROR } from './arguments.js';
import { family } from './spec.js';
import type { StoreCall, StoreCommandSpec } from './store-call.js';

const server = family('server');
const ADMIN_ACL = 'admin slow dangerous';

/** Real servers say why only in their log. */
const FAILED = 'ERR ';
const SAVING_ALREADY = 'ERR Background save already in progress';

function save(call: StoreCall): void {
  const { reply } = call;
  const { persistence } = call.wings;
  if (persistence.isSaving) {
    reply.error(SAVING_ALREADY);
    return;
  }
  const answer = call.suspend(() => undefined);
  persistence.save((failure) =>
    answer((later) => {
      if (failure === undefined) later.status('OK');
      else later.error(FAILED);
    }),
  );
}

function bgsave({ argv, maySuspend, reply, wings: { persistence } }: StoreCall): void {
  const schedules = argv.length === 2 && argv[1]!.toLowerCase() === 'schedule';
  // Inside EXEC the changes of the transaction have not been told yet: the picture is taken afterwards.
  const isInTransaction = !maySuspend;
  if (argv.length > 1 && !schedules) {
    reply.error(SYNTAX_ERROR);
  } else if (persistence.isSaving) {
    reply.error(SAVING_ALREADY);
  } else if (isInTransaction || (persistence.isRewriting && schedules)) {
    persistence.scheduleSave();
    reply.status('Background saving scheduled');
  } else if (persistence.isRewriting) {
    reply.error(
      "ERR Another child process is active (AOF?): can't BGSAVE right now. " +
        'Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.',
    );
  } else {
    persistence.startSave();
    reply.status('Background saving started');
  }
}

function bgrewriteaof({ maySuspend, reply, wings: { persistence } }: StoreCall): void {
  if (persistence.isRewriting) {
    reply.error('ERR Background append only file rewriting already in progress');
  } else if (persistence.isSaving || !maySuspend) {
    persistence.scheduleRewrite();
    reply.status('Background append only file rewriting scheduled');
  } else if (persistence.startRewrite() === undefined) {
    reply.status('Background append only file rewriting started');
  } else {
    reply.error(
      "ERR Can't execute an AOF background rewriting. Please check the server logs for more information.",
    );
  }
}

export const PERSISTENCE_COMMANDS: readonly StoreCommandSpec[] = [
  server(
    'save',
    {
      arity: 1,
      flags: 'admin noscript no_async_loading no_multi',
      acl: ADMIN_ACL,
      since: '1.0.0',
      summary: 'Writes all data to the RDB file, and answers when they are there.',
    },
    save,
  ),
  server(
    'bgsave',
    {
      arity: -1,
      flags: 'admin noscript no_async_loading',
      acl: ADMIN_ACL,
      since: '1.0.0',
      summary: 'Writes all data as of now to the RDB file, in the background.',
    },
    bgsave,
  ),
  server(
    'lastsave',
    {
      arity: 1,
      flags: 'loading stale fast',
      acl: 'admin fast dangerous',
      since: '1.0.0',
      summary: 'When data were last written to the RDB file; when the node started, if never.',
      tips: ['nondeterministic_output'],
    },
    ({ reply, wings }) => reply.integer(wings.persistence.lastSaveSeconds),
  ),
  server(
    'bgrewriteaof',
    {
      arity: 1,
      flags: 'admin noscript no_async_loading',
      acl: ADMIN_ACL,
      since: '1.0.0',
      summary: 'Writes the append-only file anew, as short as the data allow.',
    },
    bgrewriteaof,
  ),
];
