/** Who counts as sitting at this machine, for directives that say `local`. */
import type { ClientPort } from '../ports/client.js';

export function isLocalClient(client: ClientPort): boolean {
  return /^(?:127\.|\[?::1\]?:|\[?::ffff:127\.)/.test(client.address);
}

/** Does a `no | yes | local` directive let this client in? */
export function isAllowedTo(client: ClientPort, permission: string | undefined): boolean {
  return permission === 'yes' || (permission === 'local' && isLocalClient(client));
}
