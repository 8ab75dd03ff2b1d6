/**
 * One directive of redis.conf as data: what it accepts, what it is without being said, and what it does
 * here. The tables in `directives/` list every directive redis-server 7.0 knows, so that no file that
 * starts a real server is turned away for a name, and so that nobody has to guess which of its lines count.
 */
import type { Result } from '../../kernel/result.js';
import type { PersonaName } from '../ports/persona.js';

/**
 * What the embedded node makes of a directive:
 * - `effective`: it does what redis-server does with it;
 * - `accepted`: taken, shown and rewritten, without effect; `note` says why that is harmless;
 * - `refused`: any value but the default is turned away with `note`, because going on without it would
 *   mean something else than what was asked (no TLS where TLS was wanted).
 */
export type DirectiveStatus = 'effective' | 'accepted' | 'refused';

export type DirectiveKind =
  | { readonly kind: 'boolean' }
  | { readonly kind: 'integer'; readonly min: bigint; readonly max: bigint }
  | { readonly kind: 'octal'; readonly max: number }
  | {
      readonly kind: 'memory';
      readonly min: bigint;
      readonly max: bigint;
      readonly percent: boolean;
    }
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  | { readonly kind: 'text'; readonly check: ((value: string) => string | undefined) | undefined }
  | WordsKind;

/** A directive of several words. */
export interface WordsKind {
  readonly kind: 'words';
  /** Words to the value CONFIG GET shows, or what is wrong. `current` is the value so far. */
  readonly parse: (
    words: readonly string[],
    current: string,
    source: ValueSource,
  ) => Result<string>;
  /** The value as lines of a file, each without the directive's name. One line of all words without it. */
  readonly lines?: (value: string) => readonly (readonly string[])[];
}

/** In a file some directives add up (`save`, `client-output-buffer-limit`); CONFIG SET replaces. */
export type ValueSource = 'file' | 'file-again' | 'config-set';

export interface Directive {
  readonly name: string;
  /** The older spelling (`slave-...`), shown and accepted like the name. */
  readonly alias?: string;
  readonly kind: DirectiveKind;
  /** As CONFIG GET of redis-server 7.0 shows it. */
  readonly default: string;
  /** Only before start. */
  readonly immutable: boolean;
  /** CONFIG SET needs enable-protected-configs. */
  readonly isProtected: boolean;
  /** Set to what it is already it is carried out again: the file it names may have changed. */
  readonly isVolatile: boolean;
  /** Found by CONFIG GET with its exact name only. */
  readonly hidden: boolean;
  readonly status: DirectiveStatus;
  /** What it does here, or why it does nothing, for the documentation. */
  readonly note: string;
  /** Who has it; everybody unless given. */
  readonly personas?: readonly PersonaName[];
}

type Traits = Partial<
  Pick<Directive, 'alias' | 'immutable' | 'isProtected' | 'isVolatile' | 'hidden' | 'personas'>
>;
type Meaning = readonly [status: DirectiveStatus, note: string];

const INT_MAX = 2_147_483_647n;
export const LONG_MAX = 9_223_372_036_854_775_807n;
export const UNSIGNED_LONG_MAX = 18_446_744_073_709_551_615n;
export const UINT_MAX = 4_294_967_295n;

function directive(
  name: string,
  kind: DirectiveKind,
  value: string,
  [status, note]: Meaning,
  traits: Traits,
): Directive {
  const plain = { immutable: false, isProtected: false, isVolatile: false, hidden: false };
  return { ...plain, name, kind, default: value, status, note, ...traits };
}

export function yesNo(
  name: string,
  value: 'yes' | 'no',
  is: Meaning,
  traits: Traits = {},
): Directive {
  return directive(name, { kind: 'boolean' }, value, is, traits);
}

/** An integer; without bounds 0..2^31-1. */
export function integer(
  name: string,
  value: number,
  is: Meaning,
  traits: Traits & { readonly min?: number | bigint; readonly max?: number | bigint } = {},
): Directive {
  const { min = 0n, max = INT_MAX, ...rest } = traits;
  const kind = { kind: 'integer', min: BigInt(min), max: BigInt(max) } as const;
  return directive(name, kind, String(value), is, rest);
}

/** Bytes, with units in files and in CONFIG SET. */
export function memory(
  name: string,
  value: number,
  is: Meaning,
  traits: Traits & {
    readonly min?: number | bigint;
    readonly max?: bigint;
    readonly percent?: boolean;
  } = {},
): Directive {
  const { min = 0n, max = LONG_MAX, percent = false, ...rest } = traits;
  const kind = { kind: 'memory', min: BigInt(min), max, percent } as const;
  return directive(name, kind, String(value), is, rest);
}

export function choice(
  name: string,
  of: readonly [string, ...string[]],
  value: string,
  is: Meaning,
  traits: Traits = {},
): Directive {
  return directive(name, { kind: 'choice', of }, value, is, traits);
}

export function text(
  name: string,
  value: string,
  is: Meaning,
  traits: Traits & { readonly check?: (value: string) => string | undefined } = {},
): Directive {
  const { check, ...rest } = traits;
  return directive(name, { kind: 'text', check }, value, is, rest);
}

export function octal(name: string, max: number, is: Meaning, traits: Traits = {}): Directive {
  return directive(name, { kind: 'octal', max }, '0', is, traits);
}

export function words(
  name: string,
  value: string,
  kind: Omit<WordsKind, 'kind'>,
  is: Meaning,
  traits: Traits = {},
): Directive {
  return directive(name, { kind: 'words', ...kind }, value, is, traits);
}
