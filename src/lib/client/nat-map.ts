/**
 * Clusters behind NAT, in containers or behind a proxy announce addresses the caller cannot reach.
 * `announced=reachable` pairs translate both ways: outwards when we connect, back when an address we
 * reached must be told to another node (MEET). A pair maps one `host:port`, or every port of a host.
 */
import type { NodeAddress } from '../cluster/model.js';
import { TribError } from '../kernel/errors.js';
import { addressFrom } from '../cluster/address.js';

interface Endpoint {
  readonly host: string;
  /** undefined: every port of the host. */
  readonly port: number | undefined;
}

export class NatMap {
  readonly #pairs: readonly { readonly announced: Endpoint; readonly reachable: Endpoint }[];

  /** @param pairs `10.0.0.1:6379=127.0.0.1:7001` or `10.0.0.1=192.0.2.7`. @throws TribError USAGE */
  constructor(pairs: readonly string[] = []) {
    this.#pairs = pairs.map((pair) => {
      const [announced, reachable, ...rest] = pair.split('=');
      if (!announced || !reachable || rest.length > 0)
        throw badPair(pair, 'write announced=reachable');
      const sides = { announced: endpointOf(announced), reachable: endpointOf(reachable) };
      if ((sides.announced.port === undefined) !== (sides.reachable.port === undefined)) {
        throw badPair(pair, 'both sides take a port, or neither does');
      }
      return sides;
    });
  }

  /** Where to connect for an address that nodes announce. */
  reachable(announced: NodeAddress): NodeAddress {
    return this.#translate(announced, 'announced', 'reachable');
  }

  /** What other nodes must be told for an address reached from here. */
  announced(reachable: NodeAddress): NodeAddress {
    return this.#translate(reachable, 'reachable', 'announced');
  }

  #translate(
    address: NodeAddress,
    from: 'announced' | 'reachable',
    to: 'announced' | 'reachable',
  ): NodeAddress {
    // A pair with a port says more than one without, whatever the order they were given in.
    const hit =
      this.#pairs.find(
        (pair) => pair[from].port === address.port && pair[from].host === address.host,
      ) ??
      this.#pairs.find((pair) => pair[from].port === undefined && pair[from].host === address.host);
    if (!hit) return address;
    return { ...address, host: hit[to].host, port: hit[to].port ?? address.port };
  }
}

function endpointOf(text: string): Endpoint {
  const hasPort = /^\[.*\]:\d+$/.test(text) || /^[^:]+:\d+$/.test(text);
  if (hasPort) return addressFrom(text);
  return { host: text.replace(/^\[|\]$/g, ''), port: undefined };
}

function badPair(pair: string, why: string): TribError {
  return new TribError('USAGE', `Invalid --nat-map '${pair}': ${why}.`, {
    hint: 'For example --nat-map 10.0.0.1:6379=127.0.0.1:7001, or --nat-map 10.0.0.1=192.0.2.7.',
  });
}
