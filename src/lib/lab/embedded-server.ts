/** An embedded node as a server of a lab: it lives in this process and needs nothing from the machine. */
import type { PersonaName } from '../node/ports/persona.js';
import { startNode } from '../node/server/node.js';
import type { LabServer } from './server.js';

export interface EmbeddedServerOptions {
  readonly host: string;
  readonly port: number;
  readonly nodeTimeoutMs: number;
  readonly persona: PersonaName;
}

export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<LabServer> {
  const { host, port, nodeTimeoutMs, persona } = options;
  const node = await startNode({
    host,
    port,
    cluster: true,
    config: { persona, 'cluster-node-timeout': String(nodeTimeoutMs) },
  });
  return { address: { host, port }, pid: process.pid, stop: () => node.stop() };
}
