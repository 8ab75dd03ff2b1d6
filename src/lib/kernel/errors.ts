/**
 * Two kinds of wrong. The world misbehaving (a node down, a bad password, a half-finished reshard) is a
 * `TribError`: a code from the table below, a message that names the node and the command, a hint with
 * the next thing to type, and the cause. *We* being wrong is an `AssertionFailure`, which nobody catches.
 */

interface ErrorTraits {
  /** Exit status of the process when this error ends a command. */
  readonly exitStatus: 1 | 2 | 3 | 4 | 5 | 130;
}

/** Exit statuses: 1 findings or failure, 2 usage, 3 declined, 4 changed meanwhile, 5 unreachable, 130 interrupted. */
export const ERROR_CODES = {
  USAGE: { exitStatus: 2 },
  BAD_ADDRESS: { exitStatus: 2 },
  BAD_CONFIG: { exitStatus: 2 },
  DECLINED: { exitStatus: 3 },
  PLAN_STALE: { exitStatus: 4 },
  NODE_UNREACHABLE: { exitStatus: 5 },
  NO_ANSWER: { exitStatus: 5 },
  INTERRUPTED: { exitStatus: 130 },
  UNHEALTHY: { exitStatus: 1 },
  DEADLINE: { exitStatus: 1 },
  AUTH_FAILED: { exitStatus: 1 },
  REPLY_ERROR: { exitStatus: 1 },
  PROTOCOL: { exitStatus: 1 },
  NOT_CLUSTER_NODE: { exitStatus: 1 },
  NODE_NOT_EMPTY: { exitStatus: 1 },
  DUPLICATE_NODE: { exitStatus: 1 },
  TOO_FEW_NODES: { exitStatus: 1 },
  UNKNOWN_NODE: { exitStatus: 1 },
  AMBIGUOUS_NODE: { exitStatus: 1 },
  NOT_A_PRIMARY: { exitStatus: 1 },
  NOT_A_REPLICA: { exitStatus: 1 },
  FOREIGN_CLUSTER: { exitStatus: 1 },
  /** It could be done, but data or the cluster's majority would be lost by it. */
  REFUSED: { exitStatus: 1 },
  JOIN_FAILED: { exitStatus: 1 },
  FAILOVER_FAILED: { exitStatus: 1 },
  ADDRESS_IN_USE: { exitStatus: 1 },
  CORRUPT_FILE: { exitStatus: 1 },
  /** The journal of a run cannot be written. */
  JOURNAL: { exitStatus: 1 },
  /** Another run moves slots of this cluster. */
  ANOTHER_RUN: { exitStatus: 1 },
  LAB: { exitStatus: 1 },
} as const satisfies Record<string, ErrorTraits>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface TribErrorOptions {
  /** The next thing to type or to look at, one line per entry. */
  readonly hint?: string | readonly string[];
  readonly cause?: unknown;
  /** Machine-readable evidence for `--json`; never holds a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export class TribError extends Error {
  readonly code: ErrorCode;
  readonly hints: readonly string[];
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: TribErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TribError';
    this.code = code;
    this.hints = typeof options.hint === 'string' ? [options.hint] : (options.hint ?? []);
    this.details = options.details ?? {};
  }

  get exitStatus(): number {
    return ERROR_CODES[this.code].exitStatus;
  }
}

/** A broken invariant of ours. Never caught: a program that is wrong about itself must stop. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/** The default branch of an exhaustive switch: a new kind fails to compile here. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`unreachable: ${JSON.stringify(value)}`);
}

/** The text of whatever was thrown, for messages and logs. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
