/** Throws `BusBytes` at the nodes of a cluster in this process, while it is at work. */
import { createConnection } from 'node:net';
import { expect } from 'chai';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { RespClient, show } from '../node/resp-client.js';
import { waitUntil } from '../support/wait.js';
import { BusBytes, type KnownNode, type Senders } from './bus-bytes.js';

export interface BusFuzzOptions {
  readonly seed: number;
  readonly cases: number;
  readonly senders: Senders;
  readonly extraBytesMax: number;
}

const NODES = 3;
const AT_ONCE = 4;
const CASES_PER_CONNECTION = 20;

export async function fuzzBus({
  seed,
  cases,
  senders,
  extraBytesMax,
}: BusFuzzOptions): Promise<void> {
  const log: string[] = [];
  const nodes = await Promise.all(
    Array.from({ length: NODES }, () =>
      startNode({
        port: 0,
        cluster: true,
        config: { save: '', 'cluster-node-timeout': '1000' },
        log: (level, text) => void log.push(`${level}: ${text}`),
      }),
    ),
  );
  try {
    await form(nodes);
    const known: KnownNode[] = nodes.map(({ id, port }) => ({ id: id!, port }));
    const beforeBytes = process.memoryUsage().rss;
    let next = 0;
    const worker = async (_: unknown, at: number): Promise<void> => {
      while (next < cases) {
        const packets: Buffer[] = [];
        while (next < cases && packets.length < CASES_PER_CONNECTION) {
          packets.push(new BusBytes(seed, next++, known, senders).make());
        }
        await throwAt(nodes[at % NODES]!.busPort!, packets);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    expect(nodes.map(({ failure }) => failure)).to.deep.equal(nodes.map(() => undefined));
    const faults = log.filter((line) => /internal error/i.test(line));
    expect(faults.slice(0, 3).join('\n'), `${faults.length} faults; seed ${seed}`).to.equal('');
    for (const node of nodes) expect(await ask(node, 'PING')).to.equal('+PONG');
    if (senders === 'strangers') await waitUntil(`all is well (seed ${seed})`, () => isWell(nodes));
    const extraBytes = process.memoryUsage().rss - beforeBytes;
    expect(extraBytes, `seed ${seed}`).to.be.lessThan(extraBytesMax);
  } finally {
    await Promise.all(nodes.map((node) => node.kill()));
  }
}

async function form(nodes: readonly EmbeddedNode[]): Promise<void> {
  const share = Math.ceil(16_384 / nodes.length);
  for (const [at, node] of nodes.entries()) {
    const last = Math.min(16_383, (at + 1) * share - 1);
    await ask(node, 'CLUSTER', 'ADDSLOTSRANGE', String(at * share), String(last));
    await ask(node, 'CLUSTER', 'SET-CONFIG-EPOCH', String(at + 1));
    if (at > 0) await ask(nodes[0]!, 'CLUSTER', 'MEET', '127.0.0.1', String(node.port));
  }
  await waitUntil('the cluster is ok', () => isWell(nodes));
}

/** Ok, and no stranger among them. */
async function isWell(nodes: readonly EmbeddedNode[]): Promise<boolean> {
  for (const node of nodes) {
    const info = await ask(node, 'CLUSTER', 'INFO');
    const known = new RegExp(`cluster_known_nodes:${nodes.length}\\b`);
    if (!info.includes('cluster_state:ok') || !known.test(info)) throw new Error(info);
  }
  return true;
}

async function ask(node: EmbeddedNode, ...argv: string[]): Promise<string> {
  const client = await RespClient.open(node.port);
  const reply = await client.call(...argv);
  client.close();
  return show(reply);
}

/** The node hangs up on what is no packet; then the rest of these is not heard. */
async function throwAt(port: number, packets: readonly Buffer[]): Promise<void> {
  const socket = createConnection({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => undefined);
  socket.resume();
  const isOver = new Promise((resolve) => socket.once('close', resolve));
  socket.end(Buffer.concat(packets));
  const timer = setTimeout(() => socket.destroy(), 1000);
  await isOver;
  clearTimeout(timer);
}
