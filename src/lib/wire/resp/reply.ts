/** A reply with its type kept, RESP2 and RESP3; strings are latin1. And how such a value is written. */
export type Reply =
  | { readonly kind: 'status' | 'error' | 'bulk' | 'bulk-error'; readonly text: string }
  | { readonly kind: 'integer'; readonly value: number | bigint }
  | { readonly kind: 'big-number'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** `$-1`, `*-1` or `_`. */
  | { readonly kind: 'null'; readonly form: 'bulk' | 'array' | 'null' }
  | { readonly kind: 'verbatim'; readonly format: string; readonly text: string }
  | { readonly kind: 'array' | 'set' | 'push'; readonly items: readonly Reply[] }
  | { readonly kind: 'map'; readonly pairs: readonly (readonly [Reply, Reply])[] }
  /** Remarks about the reply that follows; clients may skip them. */
  | {
      readonly kind: 'attribute';
      readonly pairs: readonly (readonly [Reply, Reply])[];
      readonly of: Reply;
    };

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
