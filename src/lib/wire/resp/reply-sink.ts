/**
 * Where a command writes its answer. One sink per connection; it speaks RESP2 or RESP3 as the client
 * asked, so a command says `map(2)` once and the sink knows what that is on the wire.
 *
 * Strings are latin1 (one character per byte). Aggregates announce their length first; the caller then
 * writes exactly that many elements.
 */
export interface ReplySink {
  readonly protocol: 2 | 3;
  /** `+text`. No CR or LF in it. */
  status(text: string): void;
  /** `-text`, code included: `ERR syntax error`, `MOVED 5 127.0.0.1:7000`. */
  error(text: string): void;
  integer(value: number | bigint): void;
  bulk(latin1: string): void;
  /** `$-1`, or `_` in RESP3. */
  null(): void;
  /** `*-1`, or `_` in RESP3. */
  nullArray(): void;
  array(length: number): void;
  /** `pairs` key-value pairs follow: a map in RESP3, a flat array of twice that length in RESP2. */
  map(pairs: number): void;
  /** A set in RESP3, an array in RESP2. */
  set(length: number): void;
  /** A push in RESP3, an array in RESP2. */
  push(length: number): void;
  /** RESP3 `,1.5`; RESP2 bulk `1.5`. */
  double(value: number): void;
  /** RESP3 `#t`; RESP2 `:1`. */
  boolean(value: boolean): void;
  /** RESP3 `=15:txt:...`; RESP2 bulk. */
  verbatim(latin1: string, format?: 'txt' | 'mkd'): void;
  /** Bytes that are a reply already. */
  raw(latin1: string): void;
}
