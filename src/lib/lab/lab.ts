/**
 * Several servers on this machine, started together and stopped together. What plays them makes no
 * difference to whoever uses them: embedded nodes and real servers listen, join and answer alike.
 */
import { isIP } from 'node:net';
import { join } from 'node:path';
import { isLoopback } from '../cluster/address.js';
import type { NodeAddress } from '../cluster/model.js';
import { makeFolder } from '../execute/make-folder.js';
import { TribError } from '../kernel/errors.js';
import { startEmbeddedServer } from './embedded-server.js';
import type { PersonaName } from '../node/ports/persona.js';
import { claimPorts, findFreePorts } from './ports.js';
import { startRealServer } from './real-server.js';
import type { LabServer } from './server.js';

/** The `--server` that means: no program, nodes in this process. */
export const EMBEDDED = 'embedded';

/** Two suites meeting on one port is rare; four times in a row it is something else. */
const TRIES_MAX = 4;

export interface LabOptions {
  readonly nodeCount: number;
  readonly host: string;
  /** The first port; the others follow it. Left out: free ones. */
  readonly port?: number | undefined;
  /** `embedded`, or a program: redis-server, valkey-server, a path. */
  readonly server: string;
  /** Each real server works in a folder of its own in here. Embedded nodes write no file. */
  readonly folder: string;
  readonly nodeTimeoutMs: number;
  /** Of embedded nodes; default redis-7.0. */
  readonly persona?: PersonaName;
}

export class Lab {
  readonly servers: readonly LabServer[];

  private constructor(servers: readonly LabServer[]) {
    this.servers = servers;
  }

  static async start(options: LabOptions): Promise<Lab> {
    const { host, nodeCount, port } = options;
    refuseOpenHost(host);
    if (port !== undefined) return Lab.#startOn(options, await claimPorts(host, port, nodeCount));
    for (let tries = 1; ; tries++) {
      try {
        return await Lab.#startOn(options, await findFreePorts(host, nodeCount));
      } catch (error) {
        // Somebody else was quicker between our look and our listen: test suites start side by side.
        const isTaken = error instanceof TribError && error.code === 'ADDRESS_IN_USE';
        if (!isTaken || tries === TRIES_MAX) throw error;
      }
    }
  }

  static async #startOn(options: LabOptions, ports: readonly number[]): Promise<Lab> {
    const outcomes = await Promise.allSettled(ports.map((each) => startServer(options, each)));
    const lab = new Lab(
      outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])),
    );
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined) return lab;
    await lab.stop();
    throw failed.reason;
  }

  get addresses(): readonly NodeAddress[] {
    return this.servers.map(({ address }) => address);
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}

/** The servers of a lab have no password: nobody but this machine may reach them. */
export function refuseOpenHost(host: string): void {
  if (isIP(host) !== 0 && isLoopback(host)) return;
  throw new TribError('USAGE', `A lab listens on loopback only, not on ${host}.`, {
    hint: 'Give an address of 127.0.0.0/8, or ::1; leave it out for 127.0.0.1.',
  });
}

function startServer(options: LabOptions, port: number): Promise<LabServer> {
  const { host, nodeTimeoutMs, server, folder, persona = 'redis-7.0' } = options;
  if (server === EMBEDDED) return startEmbeddedServer({ host, port, nodeTimeoutMs, persona });
  const dir = join(folder, String(port));
  makeFolder(dir);
  return startRealServer({ binary: server, host, port, dir, nodeTimeoutMs });
}
