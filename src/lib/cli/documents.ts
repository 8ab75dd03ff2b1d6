/** The documents of `--json`: stable names, a version, and plain data only. */
import { formatAddress } from '../cluster/address.js';
import { agreementIn } from '../cluster/agreement.js';
import { countKeys } from '../cluster/facts.js';
import { isHealthy } from '../cluster/diagnose.js';
import type { Finding } from '../cluster/finding.js';
import type { ClusterView } from '../cluster/model.js';
import { membersOf, type Member } from '../cluster/view.js';
import type { Moving } from '../execute/move/moving.js';
import { countSlots, formatRanges } from '../kernel/ranges.js';
import type { DataStep } from '../plan/data-step.js';
import type { Plan, Step } from '../plan/plan.js';
import { stepText } from '../render/plan-text.js';

/** Raised when a field changes its meaning or goes; new fields do not raise it. */
export const SCHEMA_VERSION = 1;

export interface NodeDocument {
  readonly id: string;
  readonly address: string;
  readonly announced: string | null;
  readonly role: 'primary' | 'replica';
  readonly primary: string | null;
  readonly slots: string;
  readonly slotCount: number;
  readonly keys: number | null;
  readonly flags: readonly string[];
  readonly configEpoch: number;
  readonly state: 'ok' | 'fail' | null;
  readonly version: string | null;
  readonly nodeTimeoutMs: number | null;
  readonly primaryLinkUp: boolean | null;
  readonly silent: string | null;
}

export interface FindingDocument {
  readonly id: string;
  readonly severity: string;
  readonly subject: string;
  readonly message: string;
  readonly evidence: readonly string[];
  readonly cure: readonly string[];
  readonly nodes: readonly string[];
  readonly slots: string;
}

export interface ClusterDocument {
  readonly healthy: boolean;
  readonly agreed: boolean;
  readonly nodes: readonly NodeDocument[];
  readonly findings: readonly FindingDocument[];
}

export interface PlanDocument {
  readonly command: string;
  readonly fingerprint: string;
  readonly remarks: readonly string[];
  readonly stages: readonly {
    readonly title: string;
    readonly steps: readonly {
      readonly kind: string;
      readonly node: string;
      readonly does: string;
      readonly why: string;
    }[];
  }[];
}

/** What holds a move of slots back. */
export interface LimitsDocument {
  readonly maxRate: { readonly unit: 'keys' | 'bytes'; readonly perSecond: number } | null;
  readonly guardMs: number | null;
}

export function limitsDocument({
  rate,
  guardMs,
}: Pick<Moving, 'rate' | 'guardMs'>): LimitsDocument {
  return { maxRate: rate ?? null, guardMs: guardMs > 0 ? guardMs : null };
}

export function clusterDocument(
  view: ClusterView,
  findings: readonly Finding[],
  options: { readonly strict?: boolean | undefined } = {},
): ClusterDocument {
  return {
    healthy: isHealthy(findings, { strict: options.strict === true }),
    agreed: agreementIn(view).isUnanimous,
    nodes: membersOf(view).map(nodeDocument),
    findings: findings.map(findingDocument),
  };
}

export function findingDocument(finding: Finding): FindingDocument {
  return { ...finding, slots: formatRanges(finding.slots) };
}

function nodeDocument(member: Member): NodeDocument {
  const { id, address, announced, role, primaryId, slots, record, claim, silence } = member;
  const facts = claim?.facts;
  return {
    id,
    address: formatAddress(address),
    announced: announced ? formatAddress(announced) : null,
    role,
    primary: primaryId ?? null,
    slots: formatRanges(slots),
    slotCount: countSlots(slots),
    keys: facts ? countKeys(facts) : null,
    flags: [...record.flags].filter((flag) => flag !== 'myself'),
    configEpoch: record.configEpoch,
    state: facts?.clusterState ?? null,
    version: facts?.version ?? null,
    nodeTimeoutMs: facts?.nodeTimeoutMs ?? null,
    primaryLinkUp: facts?.primaryLinkUp ?? null,
    silent: claim ? null : (silence?.reason ?? 'it was not asked'),
  };
}

export function planDocument({
  command,
  fingerprint,
  remarks,
  stages,
}: Plan<Step | DataStep>): PlanDocument {
  return {
    command,
    fingerprint,
    remarks,
    stages: stages.map(({ title, steps }) => ({
      title,
      steps: steps.map((step) => ({
        kind: step.kind,
        node: formatAddress(step.node.address),
        does: stepText(step),
        why: step.why,
      })),
    })),
  };
}
