/** What happens while a plan runs, for whoever shows it. Events are data; nothing here prints. */
import type { NodeAddress } from '../cluster/model.js';
import type { Step } from '../plan/plan.js';

export type ExecutionEvent =
  | { readonly kind: 'stage-started'; readonly title: string; readonly stepCount: number }
  | { readonly kind: 'step-done'; readonly step: Step; readonly elapsedMs: number }
  /** `isRefused`: the server answered, with an error; otherwise the step may have been done all the same. */
  | {
      readonly kind: 'step-failed';
      readonly step: Step;
      readonly message: string;
      readonly isRefused: boolean;
    }
  /** A wait has begun, goes on, is over. `missing` says what has not come true yet, one line each. */
  | { readonly kind: 'wait-started'; readonly what: string; readonly deadlineMs: number }
  | { readonly kind: 'wait-continues'; readonly what: string; readonly missing: readonly string[] }
  | { readonly kind: 'wait-done'; readonly what: string; readonly elapsedMs: number }
  /** Slots begin to move. `keyCount` as far as the sources told. */
  | {
      readonly kind: 'moves-started';
      readonly slotCount: number;
      readonly keyCount: number;
      readonly pairs: number;
    }
  /** One slot has changed hands, for good. */
  | {
      readonly kind: 'slot-moved';
      readonly slot: number;
      readonly source: NodeAddress;
      readonly target: NodeAddress;
      readonly keyCount: number;
    }
  /** Several times a second while slots move. `bytes` is what was weighed, 0 where nothing had to be. */
  | {
      readonly kind: 'moves-progress';
      readonly slotsDone: number;
      readonly slotCount: number;
      readonly keysDone: number;
      readonly keyCount: number;
      readonly bytes: number;
      readonly elapsedMs: number;
    }
  | {
      readonly kind: 'moves-done';
      readonly slotsDone: number;
      readonly keysDone: number;
      readonly elapsedMs: number;
    }
  /** A key that holds both of its nodes up while it travels. */
  | {
      readonly kind: 'big-key';
      readonly node: NodeAddress;
      readonly slot: number;
      /** latin1 text. */
      readonly key: string;
      readonly bytes: number;
    }
  /** The guard slows the moves down, or lets them go again. */
  | {
      readonly kind: 'pace-changed';
      readonly node: NodeAddress;
      readonly pingMs: number;
      readonly isSlowed: boolean;
    }
  /** Something worth knowing that stops nothing. */
  | { readonly kind: 'remark'; readonly severity: 'info' | 'warning'; readonly message: string }
  /** Data on their way over the edge of the cluster: keys that are imported, files of a backup. */
  | {
      readonly kind: 'transfer-started';
      readonly title: string;
      readonly unit: 'keys' | 'bytes';
      /** As far as it is known before. */
      readonly total: number | undefined;
    }
  /** About once a second. */
  | {
      readonly kind: 'transfer-progress';
      readonly title: string;
      readonly done: number;
      readonly total: number | undefined;
      readonly elapsedMs: number;
    }
  | {
      readonly kind: 'transfer-done';
      readonly title: string;
      readonly done: number;
      readonly elapsedMs: number;
    }
  /** A setting was made, but the server has no file to keep it in. */
  | { readonly kind: 'not-written'; readonly node: NodeAddress }
  | { readonly kind: 'interrupted'; readonly message: string }
  | { readonly kind: 'undo-started'; readonly nodes: readonly NodeAddress[] }
  | {
      readonly kind: 'undo-done';
      readonly clean: readonly NodeAddress[];
      readonly left: readonly NodeAddress[];
    };

export type Report = (event: ExecutionEvent) => void;
