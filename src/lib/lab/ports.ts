/**
 * Ports for servers that nobody chose ports for. A node takes two: for clients, and 10000 above it for
 * the bus. Both are looked for below 32768, where Linux hands out no ports of its own accord, so that an
 * outgoing connection of somebody else does not take one between the look and the listen.
 */
import { createServer } from 'node:net';
import { TribError } from '../kernel/errors.js';

/** What Redis adds to the client port when cluster-port is not set. */
export const BUS_PORT_OFFSET = 10_000;

/** Client ports end where bus ports begin: nobody's client port is another's bus port. */
const LOWEST = 11_000;
const HIGHEST = LOWEST + BUS_PORT_OFFSET;

/** A machine where this many ports in a row are taken has other troubles. */
const TRIES_MAX = 10_000;

export async function findFreePorts(host: string, count: number): Promise<readonly number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries++) {
    if (tries > TRIES_MAX) {
      throw new TribError('LAB', `No ${count} free pairs of ports on ${host}.`, {
        hint: 'Give the first one with --port.',
      });
    }
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (!found.has(port) && (await isFreePair(host, port))) found.add(port);
  }
  return [...found].sort((a, b) => a - b);
}

/** `count` ports from `first` on. @throws TribError ADDRESS_IN_USE naming the one that is taken. */
export async function claimPorts(
  host: string,
  first: number,
  count: number,
): Promise<readonly number[]> {
  const ports = Array.from({ length: count }, (_, index) => first + index);
  // Before any port is tried: what cannot be is no matter of what runs on this machine just now.
  const impossible = ports.find((port) => port + BUS_PORT_OFFSET > 65_535);
  if (impossible !== undefined) {
    const wanted = impossible + BUS_PORT_OFFSET;
    throw new TribError('USAGE', `Port ${impossible} has no bus port: ${wanted} is above 65535.`, {
      hint: `Take ports up to ${65_535 - BUS_PORT_OFFSET}.`,
    });
  }
  for (const port of ports) {
    for (const wanted of [port, port + BUS_PORT_OFFSET]) {
      if (await isFree(host, wanted)) continue;
      throw new TribError('ADDRESS_IN_USE', `Port ${wanted} on ${host} is in use.`, {
        hint: 'Choose another --port, or leave it out to take free ones.',
      });
    }
  }
  return ports;
}

async function isFreePair(host: string, port: number): Promise<boolean> {
  return (await isFree(host, port)) && (await isFree(host, port + BUS_PORT_OFFSET));
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}
