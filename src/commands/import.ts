import { Args, Flags } from '@oclif/core';
import { formatAddress, targetFrom, type Target } from '../lib/cluster/address.js';
import { RedisLinks } from '../lib/client/redis-links.js';
import { ClusterCommand, type Session } from '../lib/cli/cluster-command.js';
import { dataStoppers } from '../lib/cli/data-stoppers.js';
import { SCHEMA_VERSION, planDocument, type PlanDocument } from '../lib/cli/documents.js';
import { dryRunFlag, durationFlag, searchOwnersFlag, yesFlag } from '../lib/cli/flags.js';
import { keyDocument, type KeyDocument } from '../lib/cli/reply-text.js';
import {
  sourceConnectionFrom,
  sourceFlags,
  type SourceFlags,
} from '../lib/cli/source-connection.js';
import type { ImportTally, SourceKey } from '../lib/execute/import/import-job.js';
import { importKeys } from '../lib/execute/import/import-keys.js';
import { observeSource } from '../lib/execute/import/source.js';
import { planImport, type ImportPlan } from '../lib/plan/plan-import.js';
import { importText } from '../lib/render/import-text.js';

const MIGRATE_TIMEOUT_MS = 60_000;
/** A batch holds its source up for as long as it travels: some milliseconds. */
const BATCH_KEYS_MAX = 500;
const BATCH_BYTES_MAX = 4 << 20;

interface ImportDocument extends Partial<Counts> {
  readonly schemaVersion: number;
  readonly kind: 'import';
  readonly outcome: 'imported' | 'incomplete' | 'dry-run';
  readonly source: string;
  readonly databases: readonly number[];
  readonly keyCount: number;
  readonly mode: 'move' | 'copy';
  readonly way: 'straight' | 'through-tool';
  readonly plan: PlanDocument;
}

interface Counts {
  readonly carried: number;
  readonly alreadyThere: number;
  readonly gone: number;
  readonly conflicts: number;
  readonly remaining: number;
  readonly conflictKeys: readonly NamedKey[];
  readonly verified: number;
  readonly differing: number;
  readonly differingKeys: readonly NamedKey[];
}

interface NamedKey {
  readonly database: number;
  readonly key: KeyDocument;
}

interface ImportFlags extends SourceFlags {
  readonly copy: boolean;
  readonly replace: boolean;
  readonly timeout: number;
  readonly db?: readonly number[] | undefined;
  readonly 'merge-databases': boolean;
  readonly 'through-tool': boolean;
  readonly verify: boolean;
  readonly 'verify-sample'?: number | undefined;
}

export default class Import extends ClusterCommand {
  static override summary = 'Take the keys of a server that is no member into a cluster.';
  static override description =
    'Keys move, or are copied with --copy. Run again after an interruption, it goes on where it ended.';
  static override strict = false;
  static override usage = 'import HOST:PORT --from SOURCE_HOST:PORT [--copy] [--replace]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 --from 127.0.0.1:6379 --copy',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 --from rediss://user@old.example:6380 --merge-databases --verify',
  ];
  static override args = {
    node: Args.string({ description: 'host:port of any node of the cluster', required: false }),
  };
  static override flags = {
    from: Flags.string({
      aliases: ['cluster-from'],
      helpValue: '<host:port>',
      summary: 'the server whose keys are taken; a URI may carry its login, TLS and database',
    }),
    copy: Flags.boolean({ aliases: ['cluster-copy'], summary: 'leave the keys at the source' }),
    replace: Flags.boolean({
      aliases: ['cluster-replace'],
      summary: 'overwrite keys that the cluster already has',
    }),
    timeout: durationFlag({
      aliases: ['cluster-timeout'],
      default: MIGRATE_TIMEOUT_MS,
      summary: 'how long source and target may be idle towards each other [default: 60s]',
    }),
    db: Flags.integer({
      multiple: true,
      multipleNonGreedy: true,
      min: 0,
      helpValue: '<n>',
      summary: 'a database to take; without it, database 0 must be the only one with keys',
    }),
    'merge-databases': Flags.boolean({
      summary: 'put several databases into one; names that stand in two of them are found first',
    }),
    'through-tool': Flags.boolean({
      summary: 'through this machine, where the source cannot reach the cluster',
    }),
    verify: Flags.boolean({ summary: 'compare every key with what arrived' }),
    'verify-sample': Flags.integer({
      min: 1,
      helpValue: '<n>',
      exclusive: ['verify'],
      summary: 'compare about n keys with what arrived',
    }),
    ...sourceFlags,
    'search-multiple-owners': searchOwnersFlag,
    'dry-run': dryRunFlag,
    yes: yesFlag,
  };

  async run(): Promise<ImportDocument> {
    const { argv, flags } = await this.parse(Import);
    const entry = this.oneNode(argv);
    if (flags.from === undefined) {
      throw this.usage("Option '--from' is required for subcommand 'import'.");
    }
    const from = targetFrom(flags.from);
    return this.withSession(flags, [entry], async (session) => {
      const links = await this.#sourceLinks(flags, from);
      try {
        const look = await this.lookAt(session, entry.address, flags);
        this.sayCheck(look);
        this.refuseUnhealthy(look.view, dataStoppers(look.findings), 'importing');
        const source = await observeSource(links, from.address);
        const plan = planImport(look.view, source, wishOf(flags, from, session));
        const base = {
          schemaVersion: SCHEMA_VERSION,
          kind: 'import',
          source: formatAddress(from.address),
          databases: plan.databases,
          keyCount: plan.keyCount,
          mode: flags.copy ? 'copy' : 'move',
          way: plan.way,
          plan: planDocument(plan),
        } as const;
        if (!(await this.reviewData(plan, flags))) return { ...base, outcome: 'dry-run' };
        this.say([
          `>>> Importing data from ${base.source} to cluster ${formatAddress(entry.address)}`,
        ]);
        const { username, password } = session.connection;
        const tally = await importKeys(
          {
            plan,
            view: look.view,
            source: { links, address: from.address, version: source.facts.version },
            copy: flags.copy,
            replace: flags.replace,
            timeoutMs: flags.timeout,
            verifyEvery: verifyEvery(flags, plan),
            batchKeysMax: BATCH_KEYS_MAX,
            batchBytesMax: BATCH_BYTES_MAX,
            login: password === undefined ? undefined : { username, password },
          },
          session.context,
        );
        this.say(importText(tally, { copy: flags.copy }, this.capabilities));
        const isWhole = tally.conflicts === 0 && tally.differing === 0;
        if (!isWhole) this.setStatus(1);
        return { ...base, outcome: isWhole ? 'imported' : 'incomplete', ...countsOf(tally) };
      } finally {
        links.closeAll();
      }
    });
  }

  async #sourceLinks(flags: ImportFlags, from: Target): Promise<RedisLinks> {
    const connection = await sourceConnectionFrom(flags, from, {
      ...this.asking,
      env: process.env,
      warn: (line) => this.note(line),
    });
    return new RedisLinks(connection);
  }
}

function wishOf(flags: ImportFlags, from: Target, { connection }: Session) {
  const { username, password, tls } = connection;
  const inUri = from.database === undefined ? undefined : [from.database];
  return {
    databases: flags.db ?? inUri,
    merge: flags['merge-databases'],
    copy: flags.copy,
    throughTool: flags['through-tool'],
    login: password === undefined ? undefined : { username },
    clusterSpeaksTls: tls !== undefined,
  };
}

function verifyEvery(flags: ImportFlags, { keyCount }: ImportPlan): number | undefined {
  if (flags.verify) return 1;
  const sample = flags['verify-sample'];
  return sample === undefined ? undefined : Math.max(1, Math.floor(keyCount / sample));
}

function countsOf(tally: ImportTally): Counts {
  const { conflictKeys, differingKeys, ...counts } = tally;
  const named = ({ database, key }: SourceKey): NamedKey => ({ database, key: keyDocument(key) });
  return {
    ...counts,
    conflictKeys: conflictKeys.map(named),
    differingKeys: differingKeys.map(named),
  };
}
