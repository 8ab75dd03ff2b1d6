/**
 * nodes.conf, the cluster's memory on disk, in the form Redis 7.0 reads and writes: one line per node and
 * a last line of epochs. A real server panics on a word it does not know, so what is written here is 7.0's
 * vocabulary and nothing else; what is read may also carry the `,hostname,key=value` fields of 7.2.
 *
 * A file that does not parse is never repaired by guessing: a node that forgets a slot, a vote or an epoch
 * can split the cluster, so the reader refuses and the operator decides.
 */
import { isNodeId, type NodeId } from '../kernel/node-id.js';
import type { SlotRange } from '../kernel/ranges.js';
import { err, ok, type Result } from '../kernel/result.js';
import { SLOT_COUNT } from '../kernel/slot.js';

/** In the order CLUSTER NODES prints them. */
const FLAG_WORDS = [
  'myself',
  'master',
  'slave',
  'fail?',
  'fail',
  'handshake',
  'noaddr',
  'nofailover',
] as const;
export type NodesConfFlag = (typeof FLAG_WORDS)[number];

export interface OpenSlot {
  readonly slot: number;
  readonly node: NodeId;
}

export interface NodesConfEntry {
  readonly id: NodeId;
  /** Empty while unknown. IPv6 without brackets. */
  readonly ip: string;
  readonly port: number;
  readonly busPort: number;
  readonly hostname: string;
  readonly flags: readonly NodesConfFlag[];
  readonly primary: NodeId | undefined;
  readonly pingSentMs: number;
  readonly pongReceivedMs: number;
  readonly configEpoch: number;
  readonly isConnected: boolean;
  readonly slots: readonly SlotRange[];
  readonly migrating: readonly OpenSlot[];
  readonly importing: readonly OpenSlot[];
}

export interface NodesConf {
  readonly nodes: readonly NodesConfEntry[];
  readonly currentEpoch: number;
  readonly lastVoteEpoch: number;
}

export interface NodesConfDefect {
  /** From 1; 0 when it is about the file as a whole. */
  readonly line: number;
  readonly reason: string;
}

/** One line of CLUSTER NODES, which is one line of the file, without its line feed. */
export function formatNodeLine(node: NodesConfEntry): string {
  const hostname = node.hostname === '' ? '' : `,${node.hostname}`;
  const fields = [
    node.id,
    `${node.ip}:${node.port}@${node.busPort}${hostname}`,
    FLAG_WORDS.filter((flag) => node.flags.includes(flag)).join(',') || 'noflags',
    node.primary ?? '-',
    node.pingSentMs,
    node.pongReceivedMs,
    node.configEpoch,
    node.isConnected ? 'connected' : 'disconnected',
  ];
  for (const { first, last } of node.slots)
    fields.push(first === last ? first : `${first}-${last}`);
  return [...fields, ...openSlotWords(node)].join(' ');
}

/** By slot; a slot that is open both ways shows as migrating only, as real servers have it. */
function openSlotWords({ migrating, importing }: NodesConfEntry): readonly string[] {
  const words = new Map(importing.map(({ slot, node }) => [slot, `[${slot}-<-${node}]`]));
  for (const { slot, node } of migrating) words.set(slot, `[${slot}->-${node}]`);
  return [...words].sort(([a], [b]) => a - b).map(([, word]) => word);
}

export function formatNodesConf(conf: NodesConf): string {
  const lines = conf.nodes.map((node) => `${formatNodeLine(node)}\n`);
  return `${lines.join('')}vars currentEpoch ${conf.currentEpoch} lastVoteEpoch ${conf.lastVoteEpoch}\n`;
}

/** Reads a whole file. An empty one is for the caller to judge: real servers take it as "no file". */
export function parseNodesConf(text: string): Result<NodesConf, NodesConfDefect> {
  const nodes: NodesConfEntry[] = [];
  const epochs = { currentEpoch: 0, lastVoteEpoch: 0 };
  let line = 0;
  try {
    for (const raw of text.split('\n')) {
      line++;
      const words = raw.trim().split(/\s+/);
      if (words[0] === '') continue;
      if (words[0] === 'vars') Object.assign(epochs, parseVars(words));
      else nodes.push(parseNode(words));
    }
    line = 0;
    checkWhole(nodes);
  } catch (thrown) {
    if (thrown instanceof Defect) return err({ line, reason: thrown.message });
    throw thrown;
  }
  return ok({ nodes, ...epochs });
}

class Defect extends Error {}

function parseVars(words: readonly string[]): Partial<NodesConf> {
  if (words.length % 2 === 0) throw new Defect('"vars" needs pairs of a name and a number');
  const epochs: { currentEpoch?: number; lastVoteEpoch?: number } = {};
  for (let at = 1; at < words.length; at += 2) {
    const [name, value] = [words[at]!, words[at + 1]!];
    // A name from a later version is no reason to refuse; real servers skip it as well.
    if (name === 'currentEpoch' || name === 'lastVoteEpoch')
      epochs[name] = wholeNumber(value, name);
  }
  return epochs;
}

function parseNode(words: readonly string[]): NodesConfEntry {
  if (words.length < 8) throw new Defect(`${words.length} fields where 8 are due`);
  const [id, address, flagText, primary, pingSent, pongReceived, epoch, linkState] = words as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const slots: SlotRange[] = [];
  const open = { migrating: [] as OpenSlot[], importing: [] as OpenSlot[] };
  for (const word of words.slice(8)) {
    if (word.startsWith('[')) parseOpenSlot(word, open);
    else slots.push(parseRange(word));
  }
  return {
    id: nodeId(id),
    ...parseAddress(address),
    flags: parseFlags(flagText),
    primary: primary === '-' ? undefined : nodeId(primary),
    pingSentMs: wholeNumber(pingSent, 'ping-sent'),
    pongReceivedMs: wholeNumber(pongReceived, 'pong-received'),
    configEpoch: wholeNumber(epoch, 'config epoch'),
    isConnected: linkState === 'connected',
    slots,
    ...open,
  };
}

function parseAddress(text: string): Pick<NodesConfEntry, 'ip' | 'port' | 'busPort' | 'hostname'> {
  const [endpoint, hostname = ''] = text.split(',');
  const match = /^(.*):(\d+)(?:@(\d+))?$/.exec(endpoint!);
  if (!match) throw new Defect(`no address: ${text}`);
  const port = portNumber(match[2]!);
  // Files of 3.x have no bus port; it was always client port + 10000.
  const busPort = match[3] === undefined ? port + 10_000 : portNumber(match[3]);
  if (!/^[A-Za-z0-9._-]*$/.test(hostname)) throw new Defect(`no hostname: ${hostname}`);
  return { ip: match[1]!, port, busPort, hostname };
}

function parseFlags(text: string): readonly NodesConfFlag[] {
  if (text === 'noflags') return [];
  return text.split(',').map((word) => {
    const flag = FLAG_WORDS.find((known) => known === word);
    if (!flag) throw new Defect(`unknown flag: ${word}`);
    return flag;
  });
}

function parseRange(word: string): SlotRange {
  const match = /^(\d+)(?:-(\d+))?$/.exec(word);
  if (!match) throw new Defect(`no slot range: ${word}`);
  const first = slotNumber(match[1]!);
  const last = match[2] === undefined ? first : slotNumber(match[2]);
  if (last < first) throw new Defect(`slot range backwards: ${word}`);
  return { first, last };
}

function parseOpenSlot(word: string, open: { migrating: OpenSlot[]; importing: OpenSlot[] }): void {
  const match = /^\[(\d+)-([<>])-([a-z0-9]{40})\]$/.exec(word);
  if (!match) throw new Defect(`no open slot: ${word}`);
  const entry = { slot: slotNumber(match[1]!), node: nodeId(match[3]!) };
  (match[2] === '>' ? open.migrating : open.importing).push(entry);
}

/** What no single line can show: exactly one self, a primary for it, no slot with two owners. */
function checkWhole(nodes: readonly NodesConfEntry[]): void {
  const selves = nodes.filter((node) => node.flags.includes('myself'));
  if (selves.length !== 1) throw new Defect(`${selves.length} lines say "myself" where one must`);
  const ids = new Set(nodes.map((node) => node.id));
  if (ids.size !== nodes.length) throw new Defect('the same node stands in two lines');
  const self = selves[0]!;
  if (self.flags.includes('slave')) {
    if (self.primary === undefined || !ids.has(self.primary)) {
      throw new Defect('this node is a replica of a node that the file does not describe');
    }
  } else if (!self.flags.includes('master')) {
    throw new Defect('"myself" is neither master nor slave');
  }
  const owned = new Uint8Array(SLOT_COUNT);
  for (const { slots } of nodes) {
    for (const { first, last } of slots) {
      if (owned.subarray(first, last + 1).includes(1)) {
        throw new Defect(`slots ${first}-${last} overlap with another range`);
      }
      owned.fill(1, first, last + 1);
    }
  }
}

function nodeId(text: string): NodeId {
  if (!isNodeId(text)) throw new Defect(`no node id: ${text}`);
  return text;
}

function wholeNumber(text: string, what: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new Defect(`no ${what}: ${text}`);
  return value;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (port > 65_535) throw new Defect(`no port: ${text}`);
  return port;
}

function slotNumber(text: string): number {
  const slot = Number(text);
  if (slot >= SLOT_COUNT) throw new Defect(`no slot: ${text}`);
  return slot;
}
