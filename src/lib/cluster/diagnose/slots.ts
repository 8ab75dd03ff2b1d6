/** Slots: nobody's, a dead node's, two nodes', half moved, or told differently by different nodes. */
import type { NodeId } from '../../kernel/node-id.js';
import { countSlots, formatRanges, rangesOf } from '../../kernel/ranges.js';
import { formatAddress } from '../address.js';
import { differencesBetween, type Difference } from '../agreement.js';
import type { Finding } from '../finding.js';
import { groupBy } from '../group-by.js';
import type { NodeRecord } from '../model.js';
import { isDown } from '../view.js';
import { at, finding, listed, nodeText, plural, type Context } from './context.js';

/** Stories of which the differences are worked out. */
const STORIES_MAX = 8;

export function slotFindings(context: Context): readonly Finding[] {
  return [
    ...differingViews(context),
    ...uncovered(context),
    ...ownersDown(context),
    ...contested(context),
    ...openSlots(context),
  ];
}

function differingViews(context: Context): readonly Finding[] {
  const [majority, ...others] = context.agreement.parties;
  if (!majority || others.length === 0) return [];
  const answering = new Set(context.view.claims.keys());
  const reference = majority.claims[0]!;
  // A thousand nodes in turmoil tell a thousand stories of a thousand nodes; some of them say enough.
  const evidence = others.slice(0, STORIES_MAX).flatMap(({ claims }) => {
    const who = listed(claims.map(({ reachedAt }) => formatAddress(reachedAt)));
    const differences = differencesBetween(reference, claims[0]!, answering);
    return differences.map((difference) => `${who}: ${differenceText(context, difference)}`);
  });
  const count = majority.claims.length;
  return [
    finding({
      id: 'views-differ',
      severity: 'error',
      subject: 'cluster',
      message: `The nodes tell ${others.length + 1} different stories; the most common one is told by ${count} of ${context.view.claims.size}.`,
      evidence,
      cure: [`trib wait ${context.entry}`, `trib fix ${context.entry}`],
      about: others.flatMap(({ claims }) => claims.map(({ self }) => context.byId.get(self.id)!)),
    }),
  ];
}

function differenceText(context: Context, { id, majority, dissent }: Difference): string {
  const node = nodeText(context, id);
  return `says ${node} ${recordText(context, dissent)}; the others say it ${recordText(context, majority)}`;
}

function recordText(context: Context, record: NodeRecord | undefined): string {
  if (!record) return 'is no member';
  if (record.slots.length > 0) return `has slots ${shortRanges(record)}`;
  if (record.primaryId !== undefined) return `replicates ${nodeText(context, record.primaryId)}`;
  return 'is a member without slots';
}

function shortRanges({ slots }: NodeRecord): string {
  const text = formatRanges(slots);
  return text.length <= 40 ? text : `${formatRanges(slots.slice(0, 3))},… (${countSlots(slots)})`;
}

function uncovered({ ownership, entry }: Context): readonly Finding[] {
  const slots = ownership.uncovered;
  if (slots.length === 0) return [];
  return [
    finding({
      id: 'slot-uncovered',
      severity: 'error',
      subject: formatRanges(slots),
      message: `${plural(countSlots(slots), 'slot')} ${countSlots(slots) === 1 ? 'belongs' : 'belong'} to no node.`,
      evidence: [`no node claims ${formatRanges(slots)}`],
      cure: [`trib fix ${entry}`],
      slots,
    }),
  ];
}

function ownersDown(context: Context): readonly Finding[] {
  return context.members
    .filter((member) => member.role === 'primary' && member.slots.length > 0 && isDown(member))
    .map((member) => {
      const replicas = context.members.filter(
        ({ primaryId, claim }) => primaryId === member.id && claim !== undefined,
      );
      return finding({
        id: 'slot-owner-down',
        severity: 'error',
        subject: formatRanges(member.slots),
        message: `${plural(countSlots(member.slots), 'slot')} of ${nodeText(context, member.id)}, which is down, ${countSlots(member.slots) === 1 ? 'is' : 'are'} not served.`,
        evidence: [
          ...(member.silence ? [`asked from here: ${member.silence.reason}`] : []),
          replicas.length
            ? `replicas that answer: ${listed(replicas.map(at))}`
            : 'none of its replicas answers',
        ],
        cure: replicas.length
          ? [`trib failover ${at(replicas[0]!)} --force`]
          : [`start ${at(member)} again`],
        about: [member],
        slots: member.slots,
      });
    });
}

function contested(context: Context): readonly Finding[] {
  return context.ownership.contested.map(({ slots, owners }) =>
    finding({
      id: 'slot-multiple-owners',
      severity: 'error',
      subject: formatRanges(slots),
      message: `${plural(countSlots(slots), 'slot')} ${countSlots(slots) === 1 ? 'is' : 'are'} claimed by ${owners.length} nodes: ${listed(owners.map(at))}.`,
      evidence: owners.map(
        (owner) => `${at(owner)} claims them with config epoch ${owner.record.configEpoch}`,
      ),
      cure: [`trib fix ${context.entry}`],
      about: owners,
      slots,
    }),
  );
}

/** One finding per node; replicas are looked at as well: a mark there survives a failover. */
function openSlots(context: Context): readonly Finding[] {
  return context.members
    .filter(({ record }) => record.migrating.size + record.importing.size > 0)
    .map((member) => {
      const { migrating, importing } = member.record;
      const slots = rangesOf([...migrating.keys(), ...importing.keys()]);
      return finding({
        id: 'slot-open',
        severity: 'error',
        subject: formatRanges(slots),
        message: `A move of ${plural(countSlots(slots), 'slot')} was left half done on ${at(member)}${member.role === 'replica' ? ', a replica' : ''}.`,
        evidence: [
          ...marks(context, 'migrating to', migrating),
          ...marks(context, 'importing from', importing),
        ],
        cure: [`trib fix ${context.entry}`],
        about: [member],
        slots,
      });
    });
}

function marks(
  context: Context,
  verb: string,
  open: ReadonlyMap<number, NodeId>,
): readonly string[] {
  const byPeer = groupBy(open, ([, peer]) => peer);
  return [...byPeer].map(
    ([peer, slots]) =>
      `${verb} ${nodeText(context, peer)}: ${formatRanges(rangesOf(slots.map(([slot]) => slot)))}`,
  );
}
