/** Node ids and replication ids: 40 characters; real servers make them of lowercase hex digits. */

declare const nodeIdBrand: unique symbol;
export type NodeId = string & { readonly [nodeIdBrand]: true };

/** What servers accept on the wire: 40 times [a-z0-9]. */
export function isNodeId(text: string): text is NodeId {
  return /^[a-z0-9]{40}$/.test(text);
}

/** The first eight characters, as people say ids. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}
