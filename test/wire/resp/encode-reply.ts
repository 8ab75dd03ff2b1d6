/** Replies of every kind as bytes, for the decoder to read back; the node writes with `ReplyWriter`. */
import type { Reply } from '../../../src/lib/wire/resp/reply.js';

const AGGREGATES = { array: '*', set: '~', push: '>' } as const;

export function encodeReply(reply: Reply): string {
  switch (reply.kind) {
    case 'status':
      return `+${reply.text}\r\n`;
    case 'error':
      return `-${reply.text}\r\n`;
    case 'bulk':
      return `$${reply.text.length}\r\n${reply.text}\r\n`;
    case 'bulk-error':
      return `!${reply.text.length}\r\n${reply.text}\r\n`;
    case 'integer':
      return `:${reply.value}\r\n`;
    case 'big-number':
      return `(${reply.value}\r\n`;
    case 'double':
      return `,${encodeDouble(reply.value)}\r\n`;
    case 'boolean':
      return reply.value ? '#t\r\n' : '#f\r\n';
    case 'null':
      return reply.form === 'null' ? '_\r\n' : reply.form === 'bulk' ? '$-1\r\n' : '*-1\r\n';
    case 'verbatim':
      return `=${reply.text.length + 4}\r\n${reply.format}:${reply.text}\r\n`;
    case 'array':
    case 'set':
    case 'push':
      return `${AGGREGATES[reply.kind]}${reply.items.length}\r\n${reply.items.map(encodeReply).join('')}`;
    case 'map':
      return `%${encodePairs(reply.pairs)}`;
    case 'attribute':
      return `|${encodePairs(reply.pairs)}${encodeReply(reply.of)}`;
  }
}

function encodePairs(pairs: readonly (readonly [Reply, Reply])[]): string {
  const body = pairs.map(([key, value]) => encodeReply(key) + encodeReply(value)).join('');
  return `${pairs.length}\r\n${body}`;
}

function encodeDouble(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Object.is(value, -0) ? '-0' : String(value);
}
