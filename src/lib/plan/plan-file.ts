/**
 * A plan as a file: made today, looked at by others, carried out tomorrow or not at all. It holds the plan,
 * where its cluster is, and a picture of that cluster, so that whoever applies it is told what has changed
 * since. A checksum over the contents tells a file that was cut off or edited from one that is whole.
 */
import { createHash } from 'node:crypto';
import type { NodeAddress } from '../cluster/model.js';
import type { ClusterPicture } from '../cluster/picture.js';
import { err, ok, type Result } from '../kernel/result.js';
import { ShapeError, aRecord, aText, aWord, aWhole, shaped } from '../kernel/shape.js';
import type { Plan } from './plan.js';
import { aPicture, aPlan, anAddress } from './plan-shape.js';

/** Raised when a field changes its meaning or goes. */
const SCHEMA_VERSION = 1;

export interface PlanFile {
  /** ISO 8601. */
  readonly madeAt: string;
  /** Any node of the cluster, as it was reached when the plan was made. */
  readonly entry: NodeAddress;
  readonly plan: Plan;
  readonly cluster: ClusterPicture;
}

export function serialisePlan({ madeAt, entry, plan, cluster }: PlanFile): string {
  const contents: PlanFile = { madeAt, entry, plan, cluster };
  const head = { kind: 'trib-plan', schemaVersion: SCHEMA_VERSION, checksum: checksumOf(contents) };
  return `${JSON.stringify({ ...head, ...contents }, undefined, 2)}\n`;
}

const aPlanFile = aRecord({
  kind: aWord('trib-plan'),
  schemaVersion: aWhole(SCHEMA_VERSION, SCHEMA_VERSION),
  checksum: aText,
  madeAt: aText,
  entry: anAddress,
  plan: aPlan,
  cluster: aPicture,
});

/** @returns what is wrong with it as the rest of a sentence: `it is cut off or no plan at all`. */
export function parsePlan(text: string): Result<PlanFile> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err('it is cut off, or no plan at all');
  }
  if (!isPlanLike(value)) return err('it is no plan of trib');
  const { schemaVersion, checksum, kind: _, ...contents } = value;
  if (schemaVersion !== SCHEMA_VERSION) {
    return err(`it is of format ${String(schemaVersion)}; this trib reads ${SCHEMA_VERSION}`);
  }
  if (checksum !== checksumOf(contents)) return err('its contents do not fit its checksum');
  try {
    const { madeAt, entry, plan, cluster } = shaped(aPlanFile, value, 'file');
    return ok({ madeAt, entry, plan, cluster });
  } catch (error) {
    if (error instanceof ShapeError) return err(error.message);
    throw error;
  }
}

function isPlanLike(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'trib-plan'
  );
}

/** Over the data, not the bytes: an editor may have indented it anew. */
function checksumOf(contents: object): string {
  return createHash('sha256').update(JSON.stringify(contents)).digest('hex');
}
