/** The way to start a node: what was not said gets its default, and a folder of its own where none was named. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utf8ToLatin1 } from '../../kernel/bytes.js';
import { Configuration } from '../config/configuration.js';
import type { Log } from '../ports/wings.js';
import { RunningNode } from './running-node.js';
import { startClusterWing } from './bus/cluster-wing.js';
import type { EmbeddedNode } from './embedded-node.js';
import { type Network, SYSTEM_NETWORK } from './network.js';

export interface NodeOptions {
  /** Directives by name, or a whole configuration as files and command lines make it. */
  readonly config?: Configuration | Readonly<Record<string, string>>;
  /** Address to listen on; default: what the configuration binds, 127.0.0.1 without one. */
  readonly host?: string;
  /** Client port; 0 picks a free one. Default: the configuration's. */
  readonly port?: number;
  /** Instead of `port`, and beside a `config` by name: TLS is spoken there; 0 picks a free one. */
  readonly tlsPort?: number;
  /** Bus port; default: client port + 10000. */
  readonly busPort?: number;
  /** `cluster-enabled yes`. */
  readonly cluster?: boolean;
  /** Working folder. Default: the configuration's `dir` if it has a file, else a temporary one. */
  readonly dir?: string;
  /** The folder will not outlive the node's owner: saves need not survive a crash. Default: if `dir` is temporary. */
  readonly isTemporary?: boolean;
  readonly configFile?: string;
  readonly log?: Log;
  /** Default: the system's. */
  readonly network?: Network;
  /** It listens, and begins to read what is on disk. */
  readonly onListening?: (node: EmbeddedNode) => void;
  /** SHUTDOWN was accepted; the node is stopping. */
  readonly onShutdown?: () => void;
}

export type { EmbeddedNode } from './embedded-node.js';

const silent: Log = () => undefined;

/** @throws TribError ADDRESS_IN_USE, BAD_CONFIG, CORRUPT_FILE. */
export async function startNode(options: NodeOptions = {}): Promise<EmbeddedNode> {
  const config =
    options.config instanceof Configuration
      ? options.config
      : new Configuration({
          bind: options.host ?? '127.0.0.1',
          'cluster-enabled': options.cluster === true ? 'yes' : 'no',
          // Part of a program, it writes files only where that program asks for them.
          save: '',
          // And it has no hundred replicas that could share a snapshot if one waited five seconds for them.
          'repl-diskless-sync-delay': '0',
          ...options.config,
          ...(options.tlsPort === undefined
            ? {}
            : { port: '0', 'tls-port': String(options.tlsPort) }),
        });
  const isConfigured = options.config instanceof Configuration;
  const givenDir = options.dir ?? (isConfigured ? undefined : options.config?.['dir']);
  const ownsDir = givenDir === undefined && !isConfigured;
  const dir =
    givenDir ?? (ownsDir ? mkdtempSync(join(tmpdir(), 'trib-node-')) : (config.get('dir') ?? '.'));
  if (!isConfigured) config.settle('dir', utf8ToLatin1(dir));
  const cleanUp = (): void => {
    if (ownsDir) rmSync(dir, { recursive: true, force: true });
  };
  try {
    return await RunningNode.start({
      config,
      bind: options.host === undefined ? addressesOf(config.get('bind') ?? '') : [options.host],
      port: options.port ?? config.number('port'),
      anyPort: options.tlsPort === 0 ? 'tls' : options.port === 0 ? 'plain' : undefined,
      busPort: options.busPort,
      dir,
      isTemporary: options.isTemporary ?? ownsDir,
      configFile: options.configFile ?? '',
      log: options.log ?? silent,
      network: options.network ?? SYSTEM_NETWORK,
      onListening: options.onListening ?? ((): void => undefined),
      onShutdown: options.onShutdown ?? ((): void => undefined),
      startCluster: startClusterWing,
      cleanUp,
    });
  } catch (error) {
    cleanUp();
    throw error;
  }
}

/** An empty list stays empty, and is refused: `''` would mean every address there is. */
function addressesOf(bind: string): string[] {
  return bind.split(' ').filter((address) => address !== '');
}
