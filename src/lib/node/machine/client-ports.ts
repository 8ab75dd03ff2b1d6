/**
 * A node has up to two client ports, with and without TLS. On the wire and in nodes.conf there is a first and
 * a second one, and which is which depends on tls-cluster: the bus and replication use the first. In a state
 * they have names, so that nobody else has to think about it. All nodes of a cluster agree on tls-cluster.
 */
import type { ClusterNode, ClusterState } from './state.js';

export interface ClientPorts {
  readonly port: number;
  readonly tlsPort: number;
}

export interface WirePorts {
  readonly port: number;
  readonly secondaryPort: number;
}

export function toWire({ settings }: ClusterState, { port, tlsPort }: ClientPorts): WirePorts {
  return settings.tlsCluster
    ? { port: tlsPort, secondaryPort: port }
    : { port, secondaryPort: tlsPort };
}

export function fromWire({ settings }: ClusterState, wire: WirePorts): ClientPorts {
  return settings.tlsCluster
    ? { port: wire.secondaryPort, tlsPort: wire.port }
    : { port: wire.port, tlsPort: wire.secondaryPort };
}

/**
 * The ports we tell others. As the documentation of redis.conf has it: with tls-cluster, and no
 * cluster-announce-tls-port, it is the TLS port that cluster-announce-port replaces.
 */
export function announcedPorts({ settings, ports }: ClusterState): ClientPorts {
  const { announcePort, announceTlsPort } = settings;
  if (!settings.tlsCluster) {
    return { port: announcePort || ports.port, tlsPort: announceTlsPort || ports.tlsPort };
  }
  if (announceTlsPort !== 0) return { port: announcePort, tlsPort: announceTlsPort };
  return { port: ports.port, tlsPort: announcePort || ports.tlsPort };
}

/** The one that stands in nodes.conf. */
export function firstPort(state: ClusterState, node: ClusterNode): number {
  const { port, secondaryPort } = toWire(state, node);
  return port || secondaryPort;
}

/** Where a replica finds its primary. */
export function replicationPort({ settings }: ClusterState, node: ClusterNode): number {
  return portFor(node, settings.tlsReplication);
}

/** Where a client is sent to: over TLS if that is how it came. */
export function portFor({ port, tlsPort }: ClientPorts, isTls: boolean): number {
  return isTls ? tlsPort || port : port || tlsPort;
}
