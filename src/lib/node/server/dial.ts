/** How a connection to another node is made, so that whoever uses it need not know whether it is encrypted. */
import type { Destination, Network, PeerSocket } from './network.js';

/** @param onOpen called once, when bytes may be sent. Failures come as the socket's events. */
export type Dial = (to: Destination, onOpen: () => void) => PeerSocket;

export function plainDial(network: Network): Dial {
  return (to, onOpen) => {
    const socket = network.connect(to);
    socket.once('connect', onOpen);
    return socket;
  };
}
