/**
 * How slots are moved, as options: one place, so that every command that moves slots has them all, spelled
 * alike, and with the spellings of the incumbents.
 */
import { Flags } from '@oclif/core';
import {
  MOVING_DEFAULTS,
  type AskAboutBigKeys,
  type BigKeyRule,
  type Moving,
} from '../execute/move/moving.js';
import { TribError } from '../kernel/errors.js';
import { parseDuration } from './duration.js';
import { durationFlag } from './flags.js';
import type { MovingChoices } from './journal/log.js';

const MOVING = 'MOVING';

/** Above this a batch would not fit into one packet of any sense. */
const BATCH_KEYS_MAX = 100_000;
const WINDOW_SLOTS_MAX = 1_024;
/** As the servers' own configuration has it: `kb` is 1024 bytes. */
const BYTES = { B: 1, KB: 1 << 10, MB: 1 << 20, GB: 1 << 30 } as const;

/** Takes back a limit of the run that is gone on with. */
const NO_LIMIT = 'none';

/** For those who go on with a run that was begun with limits. */
export const HOW_TO_LIFT = '--max-rate and --guard change that; none takes a limit away.';

type Rate = NonNullable<Moving['rate']>;

/** Slower than this, a slot stays open for days; faster than this is no limit. */
const RATE_RANGES = {
  keys: { min: 1, max: 1_000_000_000, words: '1key/s to 1000000000keys/s' },
  bytes: { min: BYTES.KB, max: 1_024 * BYTES.GB, words: '1KB/s to 1024GB/s' },
} as const;

const KEY_BYTES_MAX = 1_024 * BYTES.GB;

const rateFlag = Flags.custom<Rate | typeof NO_LIMIT>({
  parse: (text) => Promise.resolve(text.trim() === NO_LIMIT ? NO_LIMIT : parseRate(text)),
  helpValue: '<rate>',
});

const guardFlag = Flags.custom<number>({
  parse: (text) => Promise.resolve(text.trim() === NO_LIMIT ? 0 : parseDuration(text)),
  helpValue: '<duration>',
});

const bytesFlag = Flags.custom<number>({
  parse: (text) => Promise.resolve(parseBytes(text)),
  helpValue: '<bytes>',
});

const countFlag = (max: number) =>
  Flags.custom<number>({
    parse: (text, _, { name }) => Promise.resolve(parseCount(text, name, max)),
    helpValue: '<n>',
  });

export const movingFlags = {
  timeout: durationFlag({
    aliases: ['cluster-timeout'],
    summary: 'how long MIGRATE may be idle [default: 60s]',
    helpGroup: MOVING,
  }),
  pipeline: countFlag(BATCH_KEYS_MAX)({
    aliases: ['cluster-pipeline'],
    summary: `keys of one MIGRATE at most [default: ${MOVING_DEFAULTS.batchKeysMax}]`,
    helpGroup: MOVING,
  }),
  replace: Flags.boolean({
    aliases: ['cluster-replace'],
    summary: 'overwrite keys that the target has already',
    helpGroup: MOVING,
  }),
  window: countFlag(WINDOW_SLOTS_MAX)({
    summary: `slots of one pair of nodes that move at once [default: ${MOVING_DEFAULTS.windowSlots}]`,
    helpGroup: MOVING,
  }),
  'max-rate': rateFlag({
    summary: 'no faster than this: 5000keys/s, 10MB/s, none',
    helpGroup: MOVING,
  }),
  guard: guardFlag({
    summary: 'slow down when a source answers PING more slowly than this; none: never',
    helpGroup: MOVING,
  }),
  'max-key-bytes': bytesFlag({
    summary: 'from this size a key is big: see --on-big-key [default: 128MB; 0: never]',
    helpGroup: MOVING,
  }),
  'on-big-key': Flags.option({ options: ['skip', 'ask', 'fail', 'move'] as const })({
    summary: 'what becomes of the slots of big keys [default: fail]',
    helpGroup: MOVING,
  }),
  way: Flags.option({ options: ['auto', 'classic', 'atomic'] as const })({
    summary: "the servers' own atomic migration, or slot by slot [default: auto]",
    helpGroup: MOVING,
  }),
  'use-atomic-slot-migration': Flags.boolean({
    aliases: ['cluster-use-atomic-slot-migration'],
    hidden: true,
    exclusive: ['way'],
  }),
};

/** What the flags hold once parsed. */
export interface MovingFlags {
  readonly timeout?: number | undefined;
  readonly pipeline?: number | undefined;
  readonly replace?: boolean | undefined;
  readonly window?: number | undefined;
  readonly 'max-rate'?: Rate | typeof NO_LIMIT | undefined;
  readonly guard?: number | undefined;
  readonly 'max-key-bytes'?: number | undefined;
  readonly 'on-big-key'?: 'skip' | 'ask' | 'fail' | 'move' | undefined;
  readonly way?: Moving['way'] | undefined;
  readonly 'use-atomic-slot-migration'?: boolean | undefined;
}

/**
 * @param ask what `--on-big-key ask` does
 * @param begun of a run that is gone on with: as it was, but for what is typed now
 */
export function movingFrom(
  flags: MovingFlags,
  ask: AskAboutBigKeys,
  begun: Partial<MovingChoices> = {},
): Omit<Moving, 'journal' | 'login'> {
  const { login: _, journal: __, ...defaults } = MOVING_DEFAULTS;
  const bigKeys = bigKeyRule(flags, ask, begun.bigKeys);
  return { ...defaults, rate: undefined, ...begun, ...typed(flags), bigKeys };
}

function typed(flags: MovingFlags): Partial<Moving> {
  const { timeout, pipeline, replace, window, guard } = flags;
  const way = flags['use-atomic-slot-migration'] === true ? 'atomic' : flags.way;
  const rate = flags['max-rate'];
  return {
    ...(way === undefined ? {} : { way }),
    ...(timeout === undefined ? {} : { migrateTimeoutMs: timeout }),
    ...(pipeline === undefined ? {} : { batchKeysMax: pipeline }),
    ...(window === undefined ? {} : { windowSlots: window }),
    ...(replace === true ? { replace } : {}),
    ...(rate === undefined ? {} : { rate: rate === NO_LIMIT ? undefined : rate }),
    ...(guard === undefined ? {} : { guardMs: guard }),
  };
}

function bigKeyRule(
  flags: MovingFlags,
  ask: AskAboutBigKeys,
  begun: Partial<BigKeyRule> = {},
): BigKeyRule {
  const { limitBytes, onBigKey } = { ...MOVING_DEFAULTS.bigKeys, ...begun };
  return {
    limitBytes: flags['max-key-bytes'] ?? limitBytes,
    onBigKey: flags['on-big-key'] ?? onBigKey,
    ask,
  };
}

/** @throws TribError USAGE */
export function parseRate(text: string): Rate {
  const match = /^(\d+(?:\.\d+)?)\s*(keys?|[KMG]?B)\/s$/i.exec(text.trim());
  if (!match) {
    throw new TribError('USAGE', `'${text}' is no rate.`, { hint: 'Write 5000keys/s or 10MB/s.' });
  }
  const word = match[2]!.toUpperCase();
  const unit = word.startsWith('KEY') ? 'keys' : 'bytes';
  const perSecond = Number(match[1]) * (unit === 'keys' ? 1 : BYTES[word as keyof typeof BYTES]);
  const { min, max, words } = RATE_RANGES[unit];
  if (perSecond >= min && perSecond <= max) return { unit, perSecond };
  throw new TribError(
    'USAGE',
    `'${text}' is too ${perSecond < min ? 'slow' : 'fast'} for a rate.`,
    {
      hint: `Give ${words}.`,
    },
  );
}

/** @throws TribError USAGE */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([KMG]?B)?$/i.exec(text.trim());
  const unit = (match?.[2] ?? 'B').toUpperCase() as keyof typeof BYTES;
  const bytes = match ? Math.round(Number(match[1]) * BYTES[unit]) : 0;
  const isWanted = match && (bytes >= 1 || Number(match[1]) === 0);
  if (isWanted && bytes <= KEY_BYTES_MAX) return bytes;
  throw new TribError('USAGE', `'${text}' is ${isWanted ? 'too many' : 'no number of'} bytes.`, {
    hint: 'Write 1048576, 512KB or 10MB: 0, or 1 to 1024GB.',
  });
}

function parseCount(text: string, name: string, max: number): number {
  const count = /^\d+$/.test(text.trim()) ? Number(text) : 0;
  if (count >= 1 && count <= max) return count;
  throw new TribError('USAGE', `--${name} ${text}: give a whole number from 1 to ${max}.`);
}
