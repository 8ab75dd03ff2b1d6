/** How `fix` and `orphans` carry keys; spelled as by redis-cli, so that its command lines go on working. */
import { Flags } from '@oclif/core';
import { MOVING_DEFAULTS, type Moving } from '../execute/move/moving.js';
import { durationFlag } from './flags.js';

const PIPELINE_MAX = 100_000;

export const repairFlags = {
  timeout: durationFlag({
    aliases: ['cluster-timeout'],
    summary: 'how long MIGRATE may be idle [default: 60s]',
  }),
  pipeline: Flags.integer({
    aliases: ['cluster-pipeline'],
    min: 1,
    max: PIPELINE_MAX,
    helpValue: '<n>',
    summary: `keys of one MIGRATE at most [default: ${MOVING_DEFAULTS.batchKeysMax}]`,
  }),
  replace: Flags.boolean({
    aliases: ['cluster-replace'],
    summary: 'a key that both nodes have, with different values: the one that is brought wins',
  }),
};

export interface RepairFlags {
  readonly timeout?: number | undefined;
  readonly pipeline?: number | undefined;
  readonly replace?: boolean | undefined;
}

/** Slot by slot, since half of each is done already; and big keys go, since they must. */
export function repairMoving(flags: RepairFlags): Partial<Omit<Moving, 'journal'>> {
  return {
    way: 'classic',
    migrateTimeoutMs: flags.timeout ?? MOVING_DEFAULTS.migrateTimeoutMs,
    batchKeysMax: flags.pipeline ?? MOVING_DEFAULTS.batchKeysMax,
    replace: flags.replace === true,
    bigKeys: { limitBytes: 0, onBigKey: 'move' },
  };
}
