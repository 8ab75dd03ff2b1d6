/** Links to many servers with one set of options; a link is opened on first use and kept. */
import type { NodeAddress } from '../cluster/model.js';
import type { Link, Links } from '../execute/links.js';
import { formatAddress } from '../cluster/address.js';
import type { ConnectionOptions } from './connection-options.js';
import { RedisLink } from './redis-link.js';

export class RedisLinks implements Links {
  readonly #options: ConnectionOptions;
  readonly #links = new Map<string, RedisLink>();

  readonly #lone = new Set<RedisLink>();

  constructor(options: ConnectionOptions = {}) {
    this.#options = options;
  }

  to(address: NodeAddress): Link {
    const reachedAt = this.#options.natMap?.reachable(address) ?? address;
    // By the place reached: an announced and a typed spelling of one node share a connection.
    const key = formatAddress(reachedAt);
    let link = this.#links.get(key);
    if (!link) {
      link = new RedisLink(address, reachedAt, this.#options);
      this.#links.set(key, link);
    }
    return link;
  }

  apart(address: NodeAddress): Link {
    const reachedAt = this.#options.natMap?.reachable(address) ?? address;
    const link = new RedisLink(address, reachedAt, this.#options);
    this.#lone.add(link);
    return link;
  }

  closeAll(): void {
    for (const link of [...this.#links.values(), ...this.#lone]) link.close();
    this.#links.clear();
    this.#lone.clear();
  }
}
