/** Several real servers for one test file, stopped whatever happens. */
import { after } from 'mocha';
import {
  type RealServer,
  type RealServerOptions,
  redisCli,
  startRealServer,
} from '../support/real-server.js';

export class ServerPool {
  readonly #servers: RealServer[] = [];

  constructor() {
    after(() => this.stop());
  }

  async start(count: number, options: RealServerOptions = {}): Promise<RealServer[]> {
    const started = await Promise.all(
      Array.from({ length: count }, () => startRealServer({ nodeTimeoutMs: 15_000, ...options })),
    );
    this.#servers.push(...started);
    return started;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.splice(0).map((server) => server.stop()));
  }
}

export const addressOf = ({ host, port }: RealServer): string => `${host}:${port}`;

export const idOf = ({ port }: RealServer): string => redisCli(port, 'CLUSTER', 'MYID');

/** One line of CLUSTER INFO. */
export function clusterInfo({ port }: RealServer, name: string): string | undefined {
  const line = redisCli(port, 'CLUSTER', 'INFO')
    .split(/\r?\n/)
    .find((text) => text.startsWith(`${name}:`));
  return line?.slice(name.length + 1);
}

export function nodeTimeoutOf({ port }: RealServer): number {
  return Number(redisCli(port, 'CONFIG', 'GET', 'cluster-node-timeout').split(/\s+/)[1]);
}

/** Empty: knows nobody, owns nothing, epoch 0. */
export function isBlank(server: RealServer): boolean {
  return (
    clusterInfo(server, 'cluster_known_nodes') === '1' &&
    clusterInfo(server, 'cluster_slots_assigned') === '0' &&
    clusterInfo(server, 'cluster_current_epoch') === '0'
  );
}
