/**
 * Keeps a socket open and says and hears nothing on it, as if its process had been stopped: what comes
 * waits in the system's buffers, what its owner writes waits here.
 */
import type { Socket } from 'node:net';

/** @returns what lets it go on. */
export function hold(socket: Socket): () => void {
  let isWanted = !socket.isPaused();
  socket.pause();
  socket.cork();
  // Its owner may ask for more meanwhile, as after a wait that timed out: heard, and done later.
  socket.resume = (): Socket => {
    isWanted = true;
    return socket;
  };
  return () => {
    delete (socket as Partial<Socket>).resume;
    socket.uncork();
    if (isWanted) socket.resume();
  };
}
