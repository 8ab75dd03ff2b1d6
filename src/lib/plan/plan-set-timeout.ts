/** The same node timeout everywhere, also in the files the nodes start from. */
import { fingerprint } from '../cluster/fingerprint.js';
import type { ClusterView } from '../cluster/model.js';
import { nameOf } from '../cluster/select-node.js';
import { membersOf } from '../cluster/view.js';
import { TribError } from '../kernel/errors.js';
import { refOfMember } from './node-ref.js';
import type { Plan } from './plan.js';

/** Nodes ping each other every half timeout: below this a busy machine looks dead. */
const NODE_TIMEOUT_MS_MIN = 100;

/** @throws TribError USAGE */
export function planSetTimeout(view: ClusterView, timeoutMs: number): Plan {
  if (!Number.isInteger(timeoutMs) || timeoutMs < NODE_TIMEOUT_MS_MIN) {
    throw new TribError(
      'USAGE',
      `Setting a node timeout of less than ${NODE_TIMEOUT_MS_MIN} milliseconds is a bad idea.`,
      { hint: 'The servers start with 15000.' },
    );
  }
  const members = membersOf(view);
  return {
    command: 'set-timeout',
    fingerprint: fingerprint(view),
    stages: [
      {
        title: 'Reconfiguring node timeout in every cluster node...',
        steps: members
          .filter(({ claim }) => claim)
          .map((member) => ({
            kind: 'set-config',
            node: refOfMember(member),
            name: 'cluster-node-timeout',
            value: String(timeoutMs),
            rewrite: true,
            why: `it is ${member.claim?.facts.nodeTimeoutMs ?? 'unknown'} now`,
          })),
        settled: { kind: 'at-once' },
      },
    ],
    remarks: members
      .filter(({ claim }) => !claim)
      .map((member) => `${nameOf(member)} does not answer and keeps its old timeout.`),
  };
}
