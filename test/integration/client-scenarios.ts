/**
 * What the tests of client libraries share: servers to talk to, embedded and real, and a transcript of a
 * conversation, so that a library's view of the one can be compared with its view of the other.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formCluster } from '../../src/lib/lab/form.js';
import { Lab } from '../../src/lib/lab/lab.js';
import { startCluster, startNode } from '../../src/testing.js';
import { startRealServer } from '../support/real-server.js';

export interface Deployment {
  /** `host:port` of every node. */
  readonly addresses: readonly string[];
  stop(): Promise<unknown>;
}

export type Shape = 'one node' | 'a cluster';

export async function startEmbedded(shape: Shape): Promise<Deployment> {
  if (shape === 'a cluster') return startCluster({ primaries: 3, replicasPerPrimary: 1 });
  const node = await startNode();
  return { addresses: [node.address], stop: () => node.stop() };
}

export async function startReal(shape: Shape): Promise<Deployment> {
  if (shape === 'one node') {
    const server = await startRealServer({ cluster: false });
    return { addresses: [`${server.host}:${server.port}`], stop: () => server.stop() };
  }
  const folder = mkdtempSync(join(tmpdir(), 'trib-clients-'));
  const lab = await Lab.start({
    nodeCount: 6,
    host: '127.0.0.1',
    server: 'redis-server',
    folder,
    nodeTimeoutMs: 5_000,
  });
  const stop = async (): Promise<void> => {
    await lab.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await formCluster(lab.addresses, { replicasPerPrimary: 1, deadlineMs: 30_000 });
    return { addresses: lab.addresses.map(({ host, port }) => `${host}:${port}`), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What was said and answered, in a form that can be compared. */
export class Transcript {
  readonly lines: [what: string, answer: unknown][] = [];

  async note(what: string, answer: unknown): Promise<void> {
    try {
      this.lines.push([what, plain(await answer)]);
    } catch (error) {
      this.lines.push([what, plain(error)]);
    }
  }
}

/** Errors by their text; addresses of nodes differ from run to run. */
function plain(value: unknown): unknown {
  if (value instanceof Error)
    return `error: ${value.message.replace(/\d+\.\d+\.\d+\.\d+:\d+/, 'HOST')}`;
  if (Buffer.isBuffer(value)) return `bytes: ${value.toString('latin1')}`;
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [k, plain(v)]));
  if (value instanceof Set) return [...value].map(plain);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
  }
  return value;
}

/** Every byte there is. */
export const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
