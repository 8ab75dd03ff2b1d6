/** The server's own words in an error of a call; empty when the server did not speak. */
import { TribError } from '../kernel/errors.js';

export function replyWordsOf(error: unknown): string {
  if (!(error instanceof TribError)) return '';
  const reply = error.details['reply'];
  return typeof reply === 'string' ? reply : '';
}
