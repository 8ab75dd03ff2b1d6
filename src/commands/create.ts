import { Flags } from '@oclif/core';
import { targetFrom } from '../lib/cluster/address.js';
import { isHealthy } from '../lib/cluster/diagnose.js';
import type { Claim, ClusterView } from '../lib/cluster/model.js';
import { buildView } from '../lib/cluster/view.js';
import { ClusterCommand, type LookFlags, type Session } from '../lib/cli/cluster-command.js';
import {
  SCHEMA_VERSION,
  clusterDocument,
  planDocument,
  type ClusterDocument,
  type PlanDocument,
} from '../lib/cli/documents.js';
import { dryRunFlag, searchOwnersFlag, yesFlag } from '../lib/cli/flags.js';
import { parseZones } from '../lib/cli/zones.js';
import { createCluster, joinPromptly } from '../lib/execute/create-cluster.js';
import { observe, observeAll } from '../lib/execute/observe.js';
import { planCreate } from '../lib/plan/plan-create.js';
import { createText } from '../lib/render/create-text.js';

interface CreateDocument extends Partial<ClusterDocument> {
  readonly schemaVersion: number;
  readonly kind: 'create';
  readonly outcome: 'created' | 'already-created' | 'dry-run';
  readonly plan: PlanDocument;
}

export default class Create extends ClusterCommand {
  static override summary = 'Make one cluster of empty nodes.';
  static override description =
    'What fails half-way, or is interrupted, is undone. Run again on the same nodes it does nothing.';
  static override usage = 'create HOST:PORT... [--replicas N] [--yes]';
  static override strict = false;
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 127.0.0.1:7001 127.0.0.1:7002',
    '<%= config.bin %> <%= command.id %> --replicas 1 10.0.0.1:6379 10.0.0.2:6379 10.0.0.3:6379 10.0.0.4:6379 10.0.0.5:6379 10.0.0.6:6379 --yes',
  ];
  static override flags = {
    replicas: Flags.integer({
      aliases: ['cluster-replicas'],
      default: 0,
      min: 0,
      summary: 'replicas per primary',
    }),
    zone: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'host=zone',
      summary: 'where a host stands; copies are spread over zones',
    }),
    'allow-few-primaries': Flags.boolean({
      summary: 'one or two primaries will do; no failover is possible then',
    }),
    'search-multiple-owners': searchOwnersFlag,
    yes: yesFlag,
    'dry-run': dryRunFlag,
  };

  async run(): Promise<CreateDocument> {
    const { argv, flags } = await this.parse(Create);
    const targets = this.operands(argv).map(targetFrom);
    if (targets.length === 0) throw this.usage('Which nodes? Give host:port of each.');
    const zones = parseZones(flags.zone ?? []);
    return this.withSession(flags, targets, async (session) => {
      const addresses = targets.map(({ address }) => address);
      const claims = await this.#claims(session, addresses);
      const decision = planCreate(claims, {
        replicas: flags.replicas,
        zones,
        acceptFewPrimaries: flags['allow-few-primaries'],
      });
      const plan = planDocument(decision.plan);
      if (decision.kind === 'already-created') {
        this.say(['[OK] These nodes already are the cluster asked for: nothing to do.']);
        const view = await observe(session.links, claims[0]!.reachedAt);
        return this.#report(session, view, flags, { outcome: 'already-created', plan });
      }
      this.say(createText(decision.layout, decision.plan.remarks, this.capabilities));
      const isDry = flags['dry-run'];
      const quiet = isDry ? decision.plan : { ...decision.plan, remarks: [] };
      if (!(await this.review(quiet, flags, 'Can I set the above configuration?'))) {
        return { schemaVersion: SCHEMA_VERSION, kind: 'create', outcome: 'dry-run', plan };
      }
      // A failure is undone by resetting the nodes: never those of somebody who was faster.
      await this.refuseStale(decision.plan, async () =>
        buildView(await this.#claims(session, addresses)),
      );
      const joinsPromptly = joinPromptly(claims);
      const view = await createCluster(decision.plan, session.context, { joinsPromptly });
      return this.#report(session, view, flags, { outcome: 'created', plan });
    });
  }

  async #claims(
    { links }: Session,
    addresses: Parameters<typeof observeAll>[1],
  ): Promise<readonly Claim[]> {
    const { claims, errors } = await observeAll(links, addresses);
    if (errors.length > 0) throw errors[0];
    return claims;
  }

  async #report(
    session: Session,
    view: ClusterView,
    flags: LookFlags,
    done: Pick<CreateDocument, 'outcome' | 'plan'>,
  ): Promise<CreateDocument> {
    const look = await this.judge(session, view, flags);
    const { findings } = look;
    this.sayCheck(look);
    if (!isHealthy(findings)) this.setStatus(1);
    return {
      schemaVersion: SCHEMA_VERSION,
      kind: 'create',
      ...done,
      ...clusterDocument(view, findings),
    };
  }
}
