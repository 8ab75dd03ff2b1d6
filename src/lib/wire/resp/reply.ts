/** A reply with its type kept, RESP2 and RESP3; strings are latin1. */
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
