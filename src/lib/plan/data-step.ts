/**
 * Steps that carry data over the edge of a cluster: in from a server that is no member, out into files and
 * back. Executors of their own run them; a plan has either these or the steps that change the cluster itself.
 */
import type { SlotRange } from '../kernel/ranges.js';
import type { NodeRef } from './plan.js';

export type DataStep = { readonly why: string } & (
  | {
      readonly kind: 'import-keys';
      readonly node: NodeRef;
      /** As it was typed, without its login. */
      readonly source: string;
      readonly slots: readonly SlotRange[];
    }
  | { readonly kind: 'save-snapshot'; readonly node: NodeRef; readonly file: string }
  | { readonly kind: 'load-functions'; readonly node: NodeRef }
  | { readonly kind: 'load-keys'; readonly node: NodeRef; readonly keyCount: number }
);
