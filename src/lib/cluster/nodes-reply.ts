/**
 * The reply of CLUSTER NODES. A thousand nodes asked for a thousand lines each give a million lines,
 * nearly all of which differ in their ping and pong times only. Lines are therefore looked up with the
 * times cut out, and parsed once; the records are shared between all claims made with one pool.
 *
 * Shapes met in the wild: no address yet (`:6901@16901`), nothing at all (`:0@0`), 3.x without a bus port,
 * 7.0 with a host name, later ones with more words behind it, open slots of half-done moves, IPv6 without
 * brackets.
 */
import { isNodeId, type NodeId } from '../kernel/node-id.js';
import { rangesOf, slotsIn, type SlotRange } from '../kernel/ranges.js';
import { err, ok, type Result } from '../kernel/result.js';
import { isSlot } from '../kernel/slot.js';
import type { NodeRecord, RecordFlag } from './model.js';

export interface NodesReply {
  readonly self: NodeRecord;
  readonly records: ReadonlyMap<NodeId, NodeRecord>;
}

const FLAGS: ReadonlySet<string> = new Set<RecordFlag>([
  'myself',
  'master',
  'slave',
  'fail?',
  'fail',
  'handshake',
  'noaddr',
  'nofailover',
  'noflags',
]);

/** What has been parsed before. Lives as long as one look at a cluster, and has its memory. */
export class RecordPool {
  readonly #byLine = new Map<string, NodeRecord>();
  readonly #texts = new Map<string, string>();
  readonly #flags = new Map<string, ReadonlySet<RecordFlag>>();
  readonly #slots = new Map<string, readonly SlotRange[]>();

  find(line: string): NodeRecord | undefined {
    return this.#byLine.get(line);
  }

  keep(line: string, record: NodeRecord): void {
    this.#byLine.set(line, record);
  }

  /** One string for all equal ones; a slice would keep the whole reply it was cut from alive. */
  text(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }

  flags(text: string): ReadonlySet<RecordFlag> {
    const known = this.#flags.get(text);
    if (known) return known;
    // A flag of a later version is no reason to refuse the line.
    const flags = new Set(text.split(',').filter((flag): flag is RecordFlag => FLAGS.has(flag)));
    this.#flags.set(text, flags);
    return flags;
  }

  slots(words: readonly string[], parse: () => readonly SlotRange[]): readonly SlotRange[] {
    const key = words.join(' ');
    const known = this.#slots.get(key);
    if (known) return known;
    const slots = parse();
    this.#slots.set(key, slots);
    return slots;
  }
}

/** @returns the records, or what is wrong with which line. */
export function parseClusterNodes(text: string, pool = new RecordPool()): Result<NodesReply> {
  const records = new Map<NodeId, NodeRecord>();
  let self: NodeRecord | undefined;
  let start = 0;
  for (let lineNumber = 1; start < text.length; lineNumber++) {
    const newline = text.indexOf('\n', start);
    const next = newline < 0 ? text.length : newline + 1;
    let end = newline < 0 ? text.length : newline;
    if (text.charCodeAt(end - 1) === 13) end--;
    if (end > start) {
      const record = parseLine(text, start, end, pool);
      if (!record.ok) return err(`line ${lineNumber} of CLUSTER NODES: ${record.error}`);
      records.set(record.value.id, record.value);
      if (record.value.flags.has('myself')) self = record.value;
    }
    start = next;
  }
  if (!self) return err('CLUSTER NODES has no line of the node itself');
  return ok({ self, records });
}

function parseLine(text: string, start: number, end: number, pool: RecordPool): Result<NodeRecord> {
  // id address flags primary | ping pong | epoch link slots...
  let timesAt = start - 1;
  for (let field = 0; field < 4 && timesAt !== end; field++)
    timesAt = spaceAfter(text, timesAt, end);
  const restAt = spaceAfter(text, spaceAfter(text, timesAt, end), end);
  const key = text.slice(start, timesAt) + text.slice(restAt, end);
  const known = pool.find(key);
  if (known) return ok(known);
  // Text of nodes ends on terminals: no escape sequence gets that far, not even in an error.
  if (/\p{Cc}/u.test(key)) return err('control characters');
  const parsed = parseFields(key.split(' '), pool);
  if (parsed.ok) pool.keep(key, parsed.value);
  return parsed;
}

function spaceAfter(text: string, at: number, end: number): number {
  const space = text.indexOf(' ', at + 1);
  return space < 0 || space > end ? end : space;
}

/** `words`: id, address, flags, primary, epoch, link, slots. */
function parseFields(words: readonly string[], pool: RecordPool): Result<NodeRecord> {
  const [id, addressText, flagText, primaryText, epochText, linkText, ...slotWords] = words;
  if (linkText === undefined || epochText === undefined) return err('fewer than eight fields');
  if (!isNodeId(id!)) return err(`"${id!.slice(0, 50)}" is no node id`);
  const address = parseNodesAddress(addressText!);
  if (!address) return err(`"${addressText!}" is no address`);
  if (!/^\d+$/.test(epochText)) return err(`"${epochText}" is no epoch`);
  if (primaryText !== '-' && !isNodeId(primaryText!)) return err(`"${primaryText!}" is no node id`);
  const slots = parseSlotWords(slotWords, pool);
  if (!slots.ok) return slots;
  return ok({
    id: pool.text(id) as NodeId,
    host: pool.text(address.host),
    port: address.port,
    busPort: address.busPort,
    hostname: address.hostname === undefined ? undefined : pool.text(address.hostname),
    flags: pool.flags(flagText!),
    primaryId: primaryText === '-' ? undefined : (pool.text(primaryText) as NodeId),
    configEpoch: Number(epochText),
    isLinkUp: linkText === 'connected',
    ...slots.value,
  });
}

/** `ip:port@cport[,hostname[,more]*]`, split at the last colon; the ip may be missing. */
function parseNodesAddress(text: string):
  | {
      readonly host: string;
      readonly port: number;
      readonly busPort: number;
      readonly hostname: string | undefined;
    }
  | undefined {
  const [endpoint = '', hostname = ''] = text.split(',');
  const match = /^(.*):(\d{1,5})(?:@(\d{1,5}))?$/.exec(endpoint);
  if (!match) return undefined;
  const port = Number(match[2]);
  // Before 4.0 the bus port was always 10000 above, and not printed.
  const busPort = match[3] === undefined ? (port === 0 ? 0 : port + 10_000) : Number(match[3]);
  return {
    host: match[1]!.replace(/^\[(.*)\]$/, '$1'),
    port,
    busPort,
    hostname: hostname === '' || hostname === '?' ? undefined : hostname,
  };
}

type SlotFields = Pick<NodeRecord, 'slots' | 'migrating' | 'importing'>;
const NO_SLOTS: SlotFields = { slots: [], migrating: new Map(), importing: new Map() };

function parseSlotWords(words: readonly string[], pool: RecordPool): Result<SlotFields> {
  const owned = words.filter((word) => word !== '' && !word.startsWith('['));
  const open = words.filter((word) => word.startsWith('['));
  if (owned.length === 0 && open.length === 0) return ok(NO_SLOTS);
  const wrong = owned.find((word) => !parseRange(word));
  if (wrong !== undefined) return err(`"${wrong}" is no slot range`);
  const slots = pool.slots(owned, () => normalise(owned.map((word) => parseRange(word)!)));
  if (open.length === 0) return ok({ ...NO_SLOTS, slots });
  const migrating = new Map<number, NodeId>();
  const importing = new Map<number, NodeId>();
  for (const word of open) {
    const match = /^\[(\d+)-([<>])-([a-z0-9]{40})\]$/.exec(word);
    if (!match || !isSlot(Number(match[1]))) return err(`"${word}" is no open slot`);
    (match[2] === '>' ? migrating : importing).set(
      Number(match[1]),
      pool.text(match[3]!) as NodeId,
    );
  }
  return ok({ slots, migrating, importing });
}

function parseRange(word: string): SlotRange | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(word);
  if (!match) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return isSlot(first) && isSlot(last) && first <= last ? { first, last } : undefined;
}

/** Servers print ranges sorted and disjoint; anything else is put into that form. */
function normalise(ranges: readonly SlotRange[]): readonly SlotRange[] {
  const isSorted = ranges.every((range, at) => at === 0 || range.first > ranges[at - 1]!.last + 1);
  return isSorted ? ranges : rangesOf(slotsIn(ranges));
}
