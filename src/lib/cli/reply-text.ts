/** Replies as redis-cli prints them to a pipe (raw), and as plain JSON. Text is latin1 in, latin1 out. */
import { latin1ToUtf8 } from '../kernel/bytes.js';
import { unreachable } from '../kernel/errors.js';
import type { Reply } from '../wire/resp/reply.js';

export type PlainReply =
  | string
  | number
  | boolean
  | null
  | { readonly error: string }
  /** Bytes that are no UTF-8 text. */
  | { readonly base64: string }
  | readonly PlainReply[]
  | { readonly pairs: readonly (readonly [PlainReply, PlainReply])[] };

/** Nested arrays flattened, one element per line; an error is its text; null is nothing. */
export function replyText(reply: Reply): string {
  switch (reply.kind) {
    case 'status':
    case 'bulk':
    case 'verbatim':
      return reply.text;
    case 'error':
    case 'bulk-error':
      return `${reply.text}\n`;
    case 'integer':
    case 'big-number':
    case 'double':
      return String(reply.value);
    case 'boolean':
      return reply.value ? '(true)' : '(false)';
    case 'null':
      return '';
    case 'array':
    case 'set':
    case 'push':
      return reply.items.map(replyText).join('\n');
    case 'map':
      return reply.pairs.map(([key, value]) => `${replyText(key)} ${replyText(value)}`).join('\n');
    case 'attribute':
      return replyText(reply.of);
    default:
      return unreachable(reply);
  }
}

export function replyPlain(reply: Reply): PlainReply {
  switch (reply.kind) {
    case 'status':
    case 'bulk':
    case 'verbatim':
      return keyDocument(reply.text);
    case 'error':
    case 'bulk-error':
      return { error: latin1ToUtf8(reply.text) };
    case 'integer':
      return typeof reply.value === 'number' ? reply.value : String(reply.value);
    case 'big-number':
      return String(reply.value);
    case 'double':
      return Number.isFinite(reply.value) ? reply.value : String(reply.value);
    case 'boolean':
      return reply.value;
    case 'null':
      return null;
    case 'array':
    case 'set':
    case 'push':
      return reply.items.map(replyPlain);
    case 'map':
      return { pairs: reply.pairs.map(([key, value]) => [replyPlain(key), replyPlain(value)]) };
    case 'attribute':
      return replyPlain(reply.of);
    default:
      return unreachable(reply);
  }
}

export function isErrorReply(reply: Reply): boolean {
  return reply.kind === 'error' || reply.kind === 'bulk-error';
}

/** Bytes of the data plane in a document: as text where they are text. */
export type KeyDocument = string | { readonly base64: string };

export function keyDocument(latin1: string): KeyDocument {
  const bytes = Buffer.from(latin1, 'latin1');
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : { base64: bytes.toString('base64') };
}
