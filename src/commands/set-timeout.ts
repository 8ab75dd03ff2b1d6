import { Args } from '@oclif/core';
import { formatAddress } from '../lib/cluster/address.js';
import { ClusterCommand } from '../lib/cli/cluster-command.js';
import { SCHEMA_VERSION, planDocument, type PlanDocument } from '../lib/cli/documents.js';
import { dryRunFlag, yesFlag } from '../lib/cli/flags.js';
import { runPlan } from '../lib/execute/run-plan.js';
import { AssertionFailure } from '../lib/kernel/errors.js';
import { planSetTimeout } from '../lib/plan/plan-set-timeout.js';

interface SetTimeoutDocument {
  readonly schemaVersion: number;
  readonly kind: 'set-timeout';
  readonly outcome: 'set' | 'dry-run';
  readonly timeoutMs: number;
  readonly done: number;
  readonly failed: number;
  /** Nodes without a configuration file: the setting lasts until they are restarted. */
  readonly unwritten: readonly string[];
  readonly plan: PlanDocument;
}

export default class SetTimeout extends ClusterCommand {
  static override summary = 'Set cluster-node-timeout on every node, also in their files.';
  static override strict = false;
  static override usage = 'set-timeout HOST:PORT MILLISECONDS';
  static override examples = ['<%= config.bin %> <%= command.id %> 127.0.0.1:7000 15000'];
  static override args = {
    node: Args.string({ description: 'host:port of any node', required: false }),
    milliseconds: Args.string({ description: 'the new node timeout', required: false }),
  };
  static override flags = { 'dry-run': dryRunFlag, yes: yesFlag };

  async run(): Promise<SetTimeoutDocument> {
    const { argv, flags } = await this.parse(SetTimeout);
    const words = this.operands(argv);
    // The last word is the time, so that `host port ms` and `host ms` both read well.
    const { target, rest } = this.firstNode(words.slice(0, -1));
    const timeoutMs = Number(words.at(-1));
    if (rest.length > 0 || !Number.isInteger(timeoutMs)) {
      throw this.usage('Give a node of the cluster and the timeout in milliseconds.');
    }
    return this.withSession(flags, [target], async (session) => {
      const { view } = await this.lookAt(session, target.address);
      const plan = planSetTimeout(view, timeoutMs);
      const silent = view.silences.length;
      const base = {
        schemaVersion: SCHEMA_VERSION,
        kind: 'set-timeout',
        timeoutMs,
        plan: planDocument(plan),
      } as const;
      const goes = await this.review(plan, flags);
      if (!goes) return { ...base, outcome: 'dry-run', done: 0, failed: 0, unwritten: [] };
      const counts = { done: 0, failed: silent };
      const unwritten: string[] = [];
      const { context } = session;
      try {
        await runPlan(plan, {
          ...context,
          report: (event) => {
            if (event.kind === 'step-done') counts.done++;
            if (event.kind === 'step-failed') counts.failed++;
            if (event.kind === 'not-written') unwritten.push(formatAddress(event.node));
            context.report(event);
          },
        });
      } catch (error) {
        // Each failure has been told by its event; the others went on.
        if (error instanceof AssertionFailure || counts.failed === silent) throw error;
      }
      this.say(unwrittenText(unwritten));
      this.say([`>>> New node timeout set. ${counts.done} OK, ${counts.failed} ERR.`]);
      if (counts.failed > 0) this.setStatus(1);
      return { ...base, outcome: 'set', ...counts, unwritten };
    });
  }
}

function unwrittenText(nodes: readonly string[]): readonly string[] {
  if (nodes.length === 0) return [];
  const who = nodes.length === 1 ? `${nodes[0]!} was` : `${nodes.length} nodes were`;
  return [
    `${who} started without a configuration file: the new timeout lasts until the next restart.`,
  ];
}
