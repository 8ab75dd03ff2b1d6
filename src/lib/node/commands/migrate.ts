/**
 * MIGRATE: keys leave for another server, and are deleted here one by one as that server says it has them.
 *
 * Real servers stand still meanwhile; a process that may hold a hundred nodes cannot. Here only the keys
 * in flight stand still: `TransferService` holds them, dispatch lets commands on them wait, and everybody
 * else goes on. To a client it looks the same: it finds the key here before, or there after.
 */
import { err, ok, type Result } from '../../kernel/result.js';
import type { MigrateOutcome, TransferKey } from '../ports/replication.js';
import { type Entry, NEVER } from '../store/entry.js';
import { integer, NOT_AN_INTEGER, SYNTAX_ERROR } from './arguments.js';
import { dumpOf } from './restore.js';
import type { StoreCall } from './store-call.js';

/** What a timeout of zero or less means. */
const TIMEOUT_DEFAULT_MS = 1000;

/** Where the options begin: after MIGRATE host port key db timeout. */
const OPTIONS_AT = 6;

export interface MigrateWords {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly timeoutMs: number;
  readonly copies: boolean;
  readonly replaces: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly keys: readonly string[];
}

export function migrate(call: StoreCall): void {
  const words = parseMigrate(call.argv);
  if (!words.ok) {
    call.reply.error(words.error);
    return;
  }
  if (!call.maySuspend) {
    call.reply.error('ERR MIGRATE inside a transaction is not supported by this node');
    return;
  }
  const entries: Entry[] = [];
  for (const key of words.value.keys) {
    const entry = call.db.lookup(key, call.nowMs);
    if (entry !== undefined) entries.push(entry);
  }
  call.propagateNothing();
  if (entries.length === 0) {
    call.reply.status('NOKEY');
    return;
  }
  const keys = transferKeys(entries);
  if (keys.ok) send(call, words.value, entries, keys.value);
  else call.reply.error(keys.error);
}

/** The call itself is another command's by the time the answer comes: all that is needed then is kept here. */
function send(
  call: StoreCall,
  words: MigrateWords,
  entries: readonly Entry[],
  keys: readonly TransferKey[],
): void {
  const { keyspace, wings } = call;
  const dbIndex = call.db.index;
  const roleBefore = wings.replication.role;
  // A client that leaves does not stop the keys: what the target took must still go from here.
  const answer = call.suspend(() => undefined);
  const { copies, replaces, ...target } = words;
  const finish = (outcome: MigrateOutcome): void => {
    // Demoted meanwhile: the data is another's now, and its stream says what goes.
    if (!copies && wings.replication.role === roleBefore) {
      const db = keyspace.db(dbIndex);
      const moved = new Set(outcome.moved);
      const gone: string[] = [];
      for (const entry of entries) {
        if (moved.has(entry.key) && db.raw(entry.key) === entry && db.delete(entry.key)) {
          gone.push(entry.key);
        }
      }
      if (gone.length > 0 && roleBefore === 'primary') {
        wings.data.propagate(dbIndex, ['DEL', ...gone]);
      }
    }
    if (outcome.error !== undefined) wings.stats.errorReplied(outcome.error);
    answer((reply) => {
      if (outcome.error === undefined) reply.status('OK');
      else reply.error(outcome.error);
    });
  };
  wings.transfer.migrate({ ...target, replace: replaces, keys }, finish);
}

/** All of them, or the error that names the one which is too large: then nothing is sent. */
function transferKeys(entries: readonly Entry[]): Result<TransferKey[]> {
  const keys: TransferKey[] = [];
  for (const { key, value, expireAtMs } of entries) {
    const payload = dumpOf(value);
    if (!payload.ok) return err(`ERR cannot send key '${key.slice(0, 128)}': ${payload.error}`);
    const expiresAtMs = expireAtMs === NEVER ? undefined : expireAtMs;
    keys.push({ key, payload: payload.value, expiresAtMs });
  }
  return ok(keys);
}

/** MIGRATE's words, or the error that refuses them. */
export function parseMigrate(argv: readonly string[]): Result<MigrateWords> {
  let copies = false;
  let replaces = false;
  let user: string | undefined;
  let password: string | undefined;
  let keys: readonly string[] = [argv[3]!];
  for (let at = OPTIONS_AT; at < argv.length; at++) {
    const word = argv[at]!.toLowerCase();
    const wordsLeft = argv.length - 1 - at;
    if (word === 'copy') copies = true;
    else if (word === 'replace') replaces = true;
    else if (word === 'auth' && wordsLeft >= 1) password = argv[++at];
    else if (word === 'auth2' && wordsLeft >= 2) {
      user = argv[++at];
      password = argv[++at];
    } else if (word === 'keys') {
      if (argv[3] !== '') {
        return err(
          'ERR When using MIGRATE KEYS option, the key argument must be set to the empty string',
        );
      }
      keys = argv.slice(at + 1);
      break;
    } else return err(SYNTAX_ERROR);
  }
  const timeoutMs = integer(argv[5]!);
  const db = integer(argv[4]!);
  if (timeoutMs === undefined || db === undefined) return err(NOT_AN_INTEGER);
  return ok({
    host: argv[1]!,
    // As C reads it: what is no number is port 0, where nobody listens.
    port: Number.parseInt(argv[2]!, 10) || 0,
    db,
    timeoutMs: timeoutMs > 0 ? timeoutMs : TIMEOUT_DEFAULT_MS,
    copies,
    replaces,
    user,
    password,
    keys,
  });
}

/**
 * Indexes of the keys: the single one, or all after KEYS. A password may read `keys` too, so the words of
 * AUTH and AUTH2 are stepped over.
 */
export function migratedKeyIndexes(argv: readonly string[]): readonly number[] {
  if (argv[3] !== '') return argv.length > 3 ? [3] : [];
  for (let at = OPTIONS_AT; at < argv.length; at++) {
    const word = argv[at]!.toLowerCase();
    if (word === 'auth') at += 1;
    else if (word === 'auth2') at += 2;
    else if (word === 'keys') {
      return Array.from({ length: argv.length - at - 1 }, (_, offset) => at + 1 + offset);
    }
  }
  return [3];
}
