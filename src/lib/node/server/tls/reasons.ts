/** What went wrong in OpenSSL, in the form that logs of redis-server have. */
import { messageOf } from '../../../kernel/errors.js';

export function reasonOf(error: unknown): string {
  const text = messageOf(error).trim();
  // Node.js puts a thread in front and a place in OpenSSL's sources behind; neither tells anything.
  const found = /error:([0-9A-F]{8}):([^:]*):[^:]*:([^:]*)/.exec(text);
  return found === null ? text : `error:${found[1]}:${found[2]}::${found[3]}`;
}
