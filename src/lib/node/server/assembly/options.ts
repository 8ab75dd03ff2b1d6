/** A node as its starter wants it, every default settled. */
import type { Configuration } from '../../config/configuration.js';
import type { Log } from '../../ports/wings.js';
import type { StartClusterWing } from '../bus/options.js';
import type { AnyPort } from '../client-port.js';
import type { EmbeddedNode } from '../embedded-node.js';
import type { Network } from '../network.js';

export interface AssemblyOptions {
  readonly config: Configuration;
  readonly bind: readonly string[];
  readonly port: number;
  /** Any free port will do for it. */
  readonly anyPort: AnyPort | undefined;
  readonly busPort: number | undefined;
  readonly dir: string;
  /** The folder goes with the node. */
  readonly isTemporary: boolean;
  readonly configFile: string;
  readonly log: Log;
  readonly network: Network;
  readonly onListening: (node: EmbeddedNode) => void;
  readonly onShutdown: () => void;
  readonly startCluster: StartClusterWing;
  readonly cleanUp: () => void;
}
