/** Command tables in a form a person can read down: one call per command, words where COMMAND has lists. */
import type { CommandFlag } from '../ports/command.js';
import type { StoreCall, StoreCommandSpec } from './store-call.js';

export interface SpecFacts {
  readonly arity: number;
  /** Separated by blanks. */
  readonly flags: string;
  /** First key, last key, step; none unless given. */
  readonly keys?: readonly [first: number, last: number, step: number];
  /** See `CommandShape.keyIndexes`. */
  readonly keyIndexes?: (argv: readonly string[]) => readonly number[];
  /** ACL categories without their `@`, separated by blanks. */
  readonly acl: string;
  readonly since: string;
  readonly summary: string;
  readonly tips?: readonly string[];
}

type DefineCommand = (
  name: string,
  facts: SpecFacts,
  run: (call: StoreCall) => void,
  subcommands?: readonly StoreCommandSpec[],
) => StoreCommandSpec;

/** `const string = family('string'); string('get', {...}, get)` */
export function family(group: string): DefineCommand {
  return (name, facts, run, subcommands) => ({
    name,
    arity: facts.arity,
    flags: words(facts.flags) as CommandFlag[],
    firstKey: facts.keys?.[0] ?? 0,
    lastKey: facts.keys?.[1] ?? 0,
    keyStep: facts.keys?.[2] ?? 0,
    categories: words(facts.acl).map((category) => `@${category}`),
    group,
    since: facts.since,
    summary: facts.summary,
    ...(facts.keyIndexes === undefined ? {} : { keyIndexes: facts.keyIndexes }),
    ...(facts.tips === undefined ? {} : { tips: facts.tips }),
    ...(subcommands === undefined ? {} : { subcommands }),
    run,
  });
}

function words(text: string): string[] {
  return text === '' ? [] : text.split(' ');
}
