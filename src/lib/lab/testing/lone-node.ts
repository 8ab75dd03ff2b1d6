/** One node without a cluster around it. Its folder is there until it is stopped. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultNetwork } from '../faults/fault-network.js';
import { refuseOpenHost } from '../lab.js';
import type { NodeOptions } from './api.js';
import { HostedNode, launch, type Launched } from './hosted-node.js';

export class LoneNode extends HostedNode {
  readonly #folder: string;

  static async open(options: NodeOptions): Promise<LoneNode> {
    const { host = '127.0.0.1', port, password, tls, persona } = options;
    const isCluster = options.cluster ?? false;
    const config = { ...(persona === undefined ? {} : { persona }), ...options.config };
    refuseOpenHost(host);
    const folder = mkdtempSync(join(tmpdir(), 'trib-node-'));
    const network = new FaultNetwork();
    try {
      return new LoneNode(
        await launch({ host, port, isCluster, password, tls, config, folder, network }),
      );
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  constructor(launched: Launched) {
    super(launched);
    this.#folder = launched.options.folder;
  }

  override async stop(): Promise<void> {
    await super.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
