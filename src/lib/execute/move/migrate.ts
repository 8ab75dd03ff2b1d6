/**
 * MIGRATE, and what it answers. Servers know it in this form since 3.0.6:
 * `MIGRATE host port "" database timeout [REPLACE] [AUTH password | AUTH2 user password] KEYS key...`
 */
import { formatAddress } from '../../cluster/address.js';
import { utf8ToLatin1 } from '../../kernel/bytes.js';
import { TribError } from '../../kernel/errors.js';
import { replyWordsOf } from '../reply-words.js';
import type { Ends, Lane } from './ends.js';
import type { Moving } from './moving.js';

/** Added to MIGRATE's own timeout: it counts silence towards the target, not the time the work takes. */
const PATIENCE_MS = 30_000;

export type MigrateOutcome =
  /** All that were still there have gone. */
  | { readonly kind: 'moved' }
  /** Some of them are at the target already; the others have gone. */
  | { readonly kind: 'busy' }
  /** Source and target lost each other; each key is at one of them, or at both. */
  | { readonly kind: 'lost'; readonly error: TribError }
  | { readonly kind: 'refused'; readonly error: TribError };

export interface MigrateOptions {
  readonly replace: boolean;
  /** For a key that takes longer than any batch. */
  readonly timeoutMs?: number;
}

/** @throws TribError NODE_UNREACHABLE, DEADLINE when the source does not answer. */
export async function migrate(
  { meetingPoint }: Ends,
  { database, link }: Lane,
  keys: readonly string[],
  { login, migrateTimeoutMs }: Moving,
  options: MigrateOptions,
): Promise<MigrateOutcome> {
  const timeoutMs = options.timeoutMs ?? migrateTimeoutMs;
  const request = (credentials: readonly string[]): readonly string[] => [
    'MIGRATE',
    meetingPoint.host,
    String(meetingPoint.port),
    '',
    String(database),
    String(timeoutMs),
    ...(options.replace ? ['REPLACE'] : []),
    ...credentials,
    'KEYS',
    ...keys,
  ];
  const deadlineMs = timeoutMs + PATIENCE_MS;
  const [reply] = await link.askBinary([request(credentialsOf(login))], { deadlineMs });
  if (!(reply instanceof TribError)) return { kind: 'moved' };
  // The target asks for no password at all: what was offered is simply not needed.
  if (login && /without any password configured|no password is set/.test(replyWordsOf(reply))) {
    const [bare] = await link.askBinary([request([])], { deadlineMs });
    return bare instanceof TribError ? outcomeOf(bare) : { kind: 'moved' };
  }
  return outcomeOf(reply);
}

/** A user without a password is let in with any, so an empty one is said: AUTH2 takes two words. */
function credentialsOf(login: Moving['login']): readonly string[] {
  if (login === undefined) return [];
  const password = utf8ToLatin1(login.password);
  if (login.username === undefined) return ['AUTH', password];
  return ['AUTH2', utf8ToLatin1(login.username), password];
}

function outcomeOf(error: TribError): MigrateOutcome {
  const words = replyWordsOf(error);
  if (/\bBUSYKEY\b/.test(words)) return { kind: 'busy' };
  if (words.startsWith('IOERR')) return { kind: 'lost', error };
  return { kind: 'refused', error };
}

/** What to say when a slot cannot be emptied. */
export function migrateFailure({ move }: Ends, slot: number, cause: TribError): TribError {
  const [from, to] = [formatAddress(move.source.address), formatAddress(move.target.address)];
  const words = replyWordsOf(cause) || cause.message;
  return new TribError('REPLY_ERROR', `Slot ${slot} did not go from ${from} to ${to}: ${words}`, {
    hint: hintFor(words),
    cause,
    details: { slot, source: move.source.id, target: move.target.id, reply: words },
  });
}

function hintFor(words: string): readonly string[] {
  if (/NOAUTH|WRONGPASS|invalid password|without any password/.test(words)) {
    return ['The source logs in at the target with the password given to trib: see -a and --user.'];
  }
  if (/NOPERM/.test(words)) {
    return ['That user needs RESTORE, SELECT and the keys at the target; see ACL DRYRUN.'];
  }
  if (/OOM/.test(words)) return ['The target has no memory left for it: see its maxmemory.'];
  if (words.startsWith('IOERR')) {
    return ['Can the source reach the target? A larger --timeout lets big keys take longer.'];
  }
  return [];
}
