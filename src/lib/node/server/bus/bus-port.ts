/** Where the bus listens, and which address it speaks from. */
import type { Socket } from 'node:net';
import { TribError } from '../../../kernel/errors.js';
import { portFor } from '../../machine/client-ports.js';
import { Listener } from '../listener.js';
import type { ClusterWingOptions } from './options.js';

const BUS_PORT_OFFSET = 10_000;
const PORT_MAX = 65_535;
const BACKLOG = 511;

/** @throws TribError ADDRESS_IN_USE or BAD_CONFIG */
export async function openBusPort(
  options: ClusterWingOptions,
  onSocket: (socket: Socket) => void,
): Promise<Listener> {
  const { config } = options.wings;
  const configured = options.busPort ?? config.number('cluster-port');
  const beside = portFor(options, config.boolean('tls-cluster'));
  const wanted = configured || beside + BUS_PORT_OFFSET;
  if (wanted > PORT_MAX) {
    throw new TribError(
      'BAD_CONFIG',
      `the bus port would be ${wanted}: there is none above 65535`,
      {
        hint: 'Use a client port of at most 55535, or set cluster-port.',
      },
    );
  }
  const { bind, network } = options;
  return Listener.open({ bind, port: wanted, backlog: BACKLOG, network, onSocket });
}

/**
 * Peers take the address a packet comes from for the address to reach us at, so the bus speaks from the
 * address it listens on, where that is one and not "all". On 127.0.0.1 the system does so by itself, and
 * choosing it here would cost a search for a free port at every connection.
 */
export function sourceAddressOf({ wings, bind }: ClusterWingOptions): string | undefined {
  const configured = wings.config.get('bind-source-addr') ?? '';
  if (configured !== '') return configured;
  const first = bind[0]?.replace(/^-/, '') ?? '';
  const isChosenBySystem = ['', '*', '::*', '0.0.0.0', '::', '127.0.0.1'].includes(first);
  return isChosenBySystem ? undefined : first;
}
