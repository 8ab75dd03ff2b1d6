/** An embedded node as a server of a lab: it lives in this process and needs nothing from the machine. */
import { startNode } from '../node/server/node.js';
import type { LabServer } from './server.js';

export interface EmbeddedServerOptions {
  readonly host: string;
  readonly port: number;
  readonly nodeTimeoutMs: number;
}

export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<LabServer> {
  const { host, port, nodeTimeoutMs } = options;
  const node = await startNode({
    host,
    port,
    cluster: true,
    config: { 'cluster-node-timeout': String(nodeTimeoutMs) },
  });
  return { address: { host, port }, pid: process.pid, stop: () => node.stop() };
}
