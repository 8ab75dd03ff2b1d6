/**
 * What a command looks like from outside: everything COMMAND INFO and COMMAND DOCS print, and nothing
 * that runs. Apart from `command.ts`, so that those who describe commands need not know the wings.
 */

/** As COMMAND INFO prints them. */
export type CommandFlag =
  | 'write'
  | 'readonly'
  | 'denyoom'
  | 'admin'
  | 'pubsub'
  | 'noscript'
  | 'blocking'
  | 'loading'
  | 'stale'
  | 'skip_monitor'
  | 'skip_slowlog'
  | 'asking'
  | 'fast'
  | 'no_auth'
  | 'may_replicate'
  | 'no_mandatory_keys'
  | 'no_async_loading'
  | 'no_multi'
  | 'movablekeys'
  | 'allow_busy';

export interface CommandShape {
  /** Lower case; a subcommand's own word only (`get`, not `config|get`). */
  readonly name: string;
  /** As COMMAND shows it: counts the name (both names of a subcommand); negative means "at least". */
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  /** Index of the first key in argv, 0 for none; the last key, negative counting from the end; and the step. */
  readonly firstKey: number;
  readonly lastKey: number;
  readonly keyStep: number;
  /** For keys that a fixed pattern cannot find (MIGRATE ... KEYS): indexes into argv. */
  readonly keyIndexes?: (argv: readonly string[]) => readonly number[];
  /** ACL categories with their `@`. */
  readonly categories: readonly string[];
  readonly group: string;
  readonly since: string;
  /** One sentence of our own for COMMAND DOCS. */
  readonly summary: string;
  /** Hints for clients and proxies, element eight of COMMAND INFO (`nondeterministic_output`, ...). */
  readonly tips?: readonly string[];
  readonly subcommands?: readonly CommandShape[];
}
