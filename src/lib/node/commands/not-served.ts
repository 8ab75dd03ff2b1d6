/**
 * Commands of redis-server 7.0 that this node does not serve: no tables, no replies, but known by name, so
 * that a client hears why and does not look for a typo. Scripting has commands of its own that say so.
 */

const BY_WHAT: Readonly<Record<string, string>> = {
  streams:
    'xack xadd xautoclaim xclaim xdel xgroup xinfo xlen xpending xrange xread xreadgroup xrevrange xsetid xtrim',
  'geo commands':
    'geoadd geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch geosearchstore',
  HyperLogLog: 'pfadd pfcount pfdebug pfmerge pfselftest',
  'client-side caching': 'client|tracking client|caching client|getredir client|trackinginfo',
  'users besides `default`': 'acl|dryrun acl|genpass acl|load acl|log acl|save',
};

/** Each with what it belongs to, as the error names it. */
export const NOT_SERVED: readonly { readonly name: string; readonly what: string }[] =
  Object.entries(BY_WHAT).flatMap(([what, names]) =>
    names.split(' ').map((name) => ({ name, what })),
  );

const WHAT: ReadonlyMap<string, string> = new Map(
  NOT_SERVED.map(({ name, what }) => [name, what] as const),
);

/** @param name in lower case; `client|tracking` @returns the error, or undefined: not one of these */
export function notServed(name: string): string | undefined {
  const what = WHAT.get(name);
  if (what === undefined) return undefined;
  return `ERR This node does not serve ${what} (${name.toUpperCase().replace('|', ' ')})`;
}
