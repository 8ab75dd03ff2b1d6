/**
 * Atomic slot migration: the servers copy a snapshot and the writes after it, and change the owner in one
 * moment; nobody is ever sent to ask elsewhere, and what fails leaves everything where it was. Valkey 9 and
 * Redis 8.4 have it, by different commands on different ends: one driver each, behind one interface.
 * Both ends must have the same one. What was not run against: a real Redis 8.4 or Valkey 9.
 */
import { TribError } from '../../../kernel/errors.js';
import { slotsIn, type SlotRange } from '../../../kernel/ranges.js';
import type { Link, Reply } from '../../links.js';
import type { SlotMove } from '../moving.js';

/** How a server names a migration. */
export type JobName = string;

export type JobState =
  | { readonly kind: 'running'; readonly phase: string }
  | { readonly kind: 'done' }
  /** Nothing was changed. */
  | { readonly kind: 'failed'; readonly message: string };

export interface AtomicDriver {
  readonly name: 'valkey' | 'redis';
  /** Nodes take part in one migration at a time. */
  readonly isExclusive: boolean;
  /** @returns the migration, or one that was under way for the same slots. @throws REPLY_ERROR */
  start(move: SlotMove, ends: AtomicEnds): Promise<JobName>;
  look(job: JobName, ends: AtomicEnds): Promise<JobState>;
  /** On the end that would otherwise try again. */
  cancel(job: JobName, ends: AtomicEnds): Promise<void>;
}

export interface AtomicEnds {
  readonly source: Link;
  readonly target: Link;
}

/** Which of these subcommands a server knows: COMMAND INFO answers nothing for what it does not. */
export async function knownOf(
  link: Link,
  commands: readonly string[],
): Promise<ReadonlySet<string>> {
  const [reply] = await link.ask([['COMMAND', 'INFO', ...commands]]);
  const infos: readonly unknown[] = Array.isArray(reply) ? reply : [];
  const isKnown = (info: unknown): boolean => Array.isArray(info) && info.length > 0;
  return new Set(commands.filter((_, at) => isKnown(infos[at])));
}

/** A list of maps, told as fields and values in turn. */
export function fieldsOf(
  reply: Reply | TribError | undefined,
): readonly ReadonlyMap<string, string>[] {
  if (reply instanceof TribError) throw reply;
  if (!Array.isArray(reply)) return [];
  return reply.filter(Array.isArray).map((entry: readonly Reply[]) => {
    const fields = new Map<string, string>();
    for (let at = 0; at + 1 < entry.length; at += 2) {
      fields.set(String(entry[at]), String(entry[at + 1] ?? ''));
    }
    return fields;
  });
}

/** `0-99 200-200`: whether it is about the same slots. */
export function isAbout(text: string, ranges: readonly SlotRange[]): boolean {
  const told = text.split(/[\s,]+/).filter(Boolean);
  const slots = told.flatMap((range) => {
    const [first = NaN, last = first] = range.split('-').map(Number);
    return [...slotsIn([{ first, last }])];
  });
  const asked = [...slotsIn(ranges)];
  const known = new Set(slots);
  return known.size === asked.length && asked.every((slot) => known.has(slot));
}

export function rangeWords(ranges: readonly SlotRange[]): readonly string[] {
  return ranges.flatMap(({ first, last }) => [String(first), String(last)]);
}
