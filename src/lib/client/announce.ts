/** An address known here, as other nodes must be told it: translated for NAT, and as an IP address. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { formatAddress } from '../cluster/address.js';
import type { NodeAddress } from '../cluster/model.js';
import { TribError } from '../kernel/errors.js';
import type { ConnectionOptions } from './connection-options.js';

export function announcer(
  options: ConnectionOptions,
): (address: NodeAddress) => Promise<NodeAddress> {
  // A name is asked for once; a thousand MEETs name one host often.
  const known = new Map<string, Promise<string>>();
  return async (address) => {
    const told = options.natMap?.announced(address) ?? address;
    if (isIP(told.host) !== 0) return told;
    let host = known.get(told.host);
    if (!host) known.set(told.host, (host = resolve(told, options.family)));
    return { ...told, host: await host };
  };
}

async function resolve(address: NodeAddress, family: 4 | 6 | undefined): Promise<string> {
  try {
    return (await lookup(address.host, { family: family ?? 0 })).address;
  } catch (cause) {
    throw new TribError(
      'BAD_ADDRESS',
      `${formatAddress(address)}: the host name does not resolve here.`,
      { hint: 'CLUSTER MEET takes IP addresses only: check the name, or type the address.', cause },
    );
  }
}
