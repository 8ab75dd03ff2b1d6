/** INFO: which sections are asked for, and the two that come from the counters of commands. */
import { percentileMicros } from '../ports/stats.js';
import {
  clientsSection,
  clusterSection,
  cpuSection,
  keyspaceSection,
  memorySection,
  persistenceSection,
  replicationSection,
  type Section,
  serverSection,
  statsSection,
} from './info-sections.js';
import { family } from './spec.js';
import type { StoreCall, StoreCommandSpec } from './store-call.js';

const commandStats: Section = ({ wings }) =>
  [...wings.stats.commands].map(([name, { calls, micros, rejectedCalls, failedCalls }]) => {
    const perCall = (calls === 0 ? 0 : micros / calls).toFixed(2);
    const total = Math.round(micros);
    return `cmdstat_${name}:calls=${calls},usec=${total},usec_per_call=${perCall},rejected_calls=${rejectedCalls},failed_calls=${failedCalls}`;
  });

const errorStats: Section = ({ wings }) =>
  [...wings.stats.errors].map(([code, count]) => `errorstat_${code}:count=${count}`);

const latencyStats: Section = ({ wings }) => {
  if (!wings.config.boolean('latency-tracking')) return [];
  const shown = wings.config.get('latency-tracking-info-percentiles') ?? '';
  const percentiles = shown.split(' ').filter((text) => text !== '');
  return [...wings.stats.commands].flatMap(([name, { histogram }]) => {
    if (histogram === undefined) return [];
    const values = percentiles.map((percentile) => {
      return `p${percentile}=${percentileMicros(histogram, Number(percentile)).toFixed(3)}`;
    });
    return [`latency_percentiles_usec_${name}:${values.join(',')}`];
  });
};

interface Titled {
  readonly title: string;
  /** Shown when nothing is asked for. */
  readonly isDefault: boolean;
  readonly lines: Section;
}

const SECTIONS: readonly Titled[] = [
  { title: 'Server', isDefault: true, lines: serverSection },
  { title: 'Clients', isDefault: true, lines: clientsSection },
  { title: 'Memory', isDefault: true, lines: memorySection },
  { title: 'Persistence', isDefault: true, lines: persistenceSection },
  { title: 'Stats', isDefault: true, lines: statsSection },
  { title: 'Replication', isDefault: true, lines: replicationSection },
  { title: 'CPU', isDefault: true, lines: cpuSection },
  { title: 'Modules', isDefault: true, lines: () => [] },
  { title: 'Commandstats', isDefault: false, lines: commandStats },
  { title: 'Errorstats', isDefault: true, lines: errorStats },
  { title: 'Latencystats', isDefault: false, lines: latencyStats },
  { title: 'Cluster', isDefault: true, lines: clusterSection },
  { title: 'Keyspace', isDefault: true, lines: keyspaceSection },
];

/** The text of the sections whose names (or `default`, `all`, `everything`) are given. */
export function infoText(call: StoreCall, names: readonly string[]): string {
  const asked = new Set(names.map((name) => name.toLowerCase()));
  const isAll = asked.has('all') || asked.has('everything');
  const isDefault = asked.size === 0 || asked.has('default');
  return SECTIONS.filter((section) => {
    return isAll || (isDefault && section.isDefault) || asked.has(section.title.toLowerCase());
  })
    .map(({ title, lines }) => [`# ${title}`, ...lines(call)].map((line) => `${line}\r\n`).join(''))
    .join('\r\n');
}

export const INFO_COMMANDS: readonly StoreCommandSpec[] = [
  family('server')(
    'info',
    {
      arity: -1,
      flags: 'loading stale',
      acl: 'slow dangerous',
      since: '1.0.0',
      summary: 'Facts and counters of the node, by section.',
      tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
    },
    (call) => call.reply.verbatim(infoText(call, call.argv.slice(1))),
  ),
];
