/** Throws `ClientBytes` at a node in this process, and looks at it now and then. */
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { expect } from 'chai';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { RespClient, show } from '../node/resp-client.js';
import { waitUntil } from '../support/wait.js';
import { ClientBytes } from './client-bytes.js';

export interface FuzzOptions {
  readonly seed: number;
  readonly cases: number;
  readonly isCluster: boolean;
  /** What the process may hold more than at the start. */
  readonly extraBytesMax: number;
}

const AT_ONCE = 8;
const CASES_PER_CONNECTION = 25;
const CASES_PER_LOOK = 4000;

export async function fuzzClients(options: FuzzOptions): Promise<void> {
  const { seed, cases, isCluster } = options;
  const log: string[] = [];
  const node = await startNode({
    port: 0,
    cluster: isCluster,
    // A string of hundreds of megabytes is a fair wish (SETRANGE), but not of eight clients at a time.
    config: { 'proto-max-bulk-len': '1mb', save: '', 'cluster-node-timeout': '1000' },
    log: (level, text) => void log.push(`${level}: ${text}`),
  });
  try {
    if (isCluster) await serveAllSlots(node);
    const beforeBytes = process.memoryUsage().rss;
    let next = 0;
    let lookedAt = 0;
    const worker = async (): Promise<void> => {
      while (next < cases && node.failure === undefined) {
        const bytes: string[] = [];
        while (next < cases && bytes.length < CASES_PER_CONNECTION) {
          const made = new ClientBytes(seed, next++).make();
          bytes.push(made.bytes);
          // What comes after it would be part of it, or not be heard any more.
          if (!made.isWhole) break;
        }
        await throwAt(node.port, bytes);
        if (next - lookedAt < CASES_PER_LOOK) continue;
        lookedAt = next;
        await look(node, beforeBytes + options.extraBytesMax, isCluster);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await look(node, beforeBytes + options.extraBytesMax, isCluster);
    expect(node.failure).to.equal(undefined);
    const { commandsProcessed } = node.wings.stats.counters;
    expect(commandsProcessed, 'most of it was understood').to.be.greaterThan(cases / 2);
    const faults = log.filter((line) => /internal error/i.test(line));
    expect(faults.slice(0, 3).join('\n'), `${faults.length} faults; seed ${seed}`).to.equal('');
  } finally {
    await node.kill();
  }
}

/** One connection with its cases; it is closed by either side. Its answers are of no interest. */
async function throwAt(port: number, cases: readonly string[]): Promise<void> {
  const socket = createConnection({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => undefined);
  socket.resume();
  const isOver = new Promise((resolve) => socket.once('close', resolve));
  socket.end(cases.join(''), 'latin1');
  const timer = setTimeout(() => socket.destroy(), 2000);
  await isOver;
  clearTimeout(timer);
}

async function look(node: EmbeddedNode, bytesMax: number, isCluster: boolean): Promise<void> {
  const client = await RespClient.open(node.port);
  expect(show(await client.call('PING'))).to.equal('+PONG');
  if (isCluster) await serveAllSlots(node);
  await client.call('FLUSHALL');
  client.close();
  await waitUntil('memory is given back', () => {
    const { rss } = process.memoryUsage();
    if (rss > bytesMax) throw new Error(`${rss >> 20} of ${bytesMax >> 20} MiB`);
    return true;
  });
}

/** CLUSTER subcommands of the fuzz may have taken slots away. */
async function serveAllSlots(node: EmbeddedNode): Promise<void> {
  const client = await RespClient.open(node.port);
  await client.call('FLUSHALL');
  await client.call('CLUSTER', 'RESET');
  await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  client.close();
  await once(client.socket, 'close');
}
