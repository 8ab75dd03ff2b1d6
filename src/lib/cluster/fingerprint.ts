/**
 * A short text that changes when anything a plan relies on changes: members, roles, slots, epochs. A plan
 * carries the fingerprint of the cluster it was made for, so that two operators at once are noticed. Link
 * states, offsets and times are left out: they change by themselves.
 */
import { createHash } from 'node:crypto';
import type { ClusterView } from './model.js';
import { pictureOf, wordsOf, type ClusterPicture } from './picture.js';

export function fingerprint(view: ClusterView): string {
  return fingerprintOf(pictureOf(view));
}

export function fingerprintOf(picture: ClusterPicture): string {
  return createHash('sha256').update(wordsOf(picture)).digest('hex').slice(0, 16);
}
