/** The document of `fix`: what was found and done, round by round, and what is left. */
import type { Finding } from '../cluster/finding.js';
import type { Failure } from '../execute/repair/run-repairs.js';
import { formatRanges } from '../kernel/ranges.js';
import type { FixCase } from '../plan/fix/case.js';
import type { FixDecision } from '../plan/fix/plan-fix.js';
import {
  SCHEMA_VERSION,
  findingDocument,
  planDocument,
  type FindingDocument,
  type PlanDocument,
} from './documents.js';

export interface FixRound {
  readonly decision: FixDecision;
  readonly failures: readonly Failure[];
}

/** Of the first round: `cases` and `plan`; of the last one: `failures`. */
export interface FixDocument extends RoundDocument {
  readonly schemaVersion: number;
  readonly kind: 'fix';
  readonly outcome: 'fixed' | 'not-all-fixed' | 'nothing-to-do' | 'dry-run';
  readonly rounds: readonly RoundDocument[];
  /** What there was to fix and is still there. */
  readonly remaining: readonly FindingDocument[];
}

interface RoundDocument {
  readonly cases: readonly CaseDocument[];
  readonly plan: PlanDocument;
  readonly failures: readonly FailureDocument[];
}

interface CaseDocument {
  readonly slots: string;
  readonly situation: readonly string[];
  readonly keys: FixCase['keys'];
  readonly verdict: string;
  readonly left: boolean;
  readonly hint: readonly string[];
}

export interface FailureDocument {
  readonly slots: string;
  readonly message: string;
  readonly hints: readonly string[];
}

/** @param rounds at least one */
export function fixDocument(
  rounds: readonly FixRound[],
  outcome: FixDocument['outcome'],
  remaining: readonly Finding[],
): FixDocument {
  const documents = rounds.map(roundDocument);
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'fix',
    outcome,
    ...documents[0]!,
    failures: documents.at(-1)!.failures,
    rounds: documents,
    remaining: remaining.map(findingDocument),
  };
}

export function failureDocuments(failures: readonly Failure[]): readonly FailureDocument[] {
  return failures.map(({ slots, message, hints }) => ({
    slots: formatRanges(slots),
    message,
    hints,
  }));
}

function roundDocument({ decision, failures }: FixRound): RoundDocument {
  return {
    cases: decision.cases.map(({ slots, situation, keys, verdict, left }) => ({
      slots: formatRanges(slots),
      situation,
      keys,
      verdict,
      left: left !== undefined,
      hint: left?.hint ?? [],
    })),
    plan: planDocument(decision.plan),
    failures: failureDocuments(failures),
  };
}
