/** The HELP subcommand that containers share: usage lines, each with its explanation below. */
import type { CommandFlag } from '../ports/command.js';
import type { StoreCommandSpec } from './store-call.js';

export type HelpEntry = readonly [usage: string, ...explanation: string[]];

export interface HelpFacts {
  readonly since: string;
  /** ACL categories besides `@slow`, without their `@`. */
  readonly acl?: readonly string[];
  readonly group: string;
}

export function helpLines(parent: string, entries: readonly HelpEntry[]): readonly string[] {
  const all: readonly HelpEntry[] = [...entries, ['HELP', 'Print this help.']];
  return [
    `${parent.toUpperCase()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`,
    ...all.flatMap(([usage, ...explanation]) => [
      usage,
      ...explanation.map((line) => `    ${line}`),
    ]),
  ];
}

export function helpCommand(
  parent: string,
  facts: HelpFacts,
  entries: readonly HelpEntry[],
): StoreCommandSpec {
  const lines = helpLines(parent, entries);
  return {
    name: 'help',
    arity: 2,
    flags: ['loading', 'stale'] satisfies CommandFlag[],
    firstKey: 0,
    lastKey: 0,
    keyStep: 0,
    categories: ['@slow', ...(facts.acl ?? []).map((category) => `@${category}`)],
    group: facts.group,
    since: facts.since,
    summary: `What ${parent.toUpperCase()} can do.`,
    run: ({ reply }) => {
      reply.array(lines.length);
      for (const line of lines) reply.status(line);
    },
  };
}
