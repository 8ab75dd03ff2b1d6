/** The directives of several words: how each is read, and how it is written back to a file. */
import { err, ok } from '../../../kernel/result.js';
import type { WordsKind } from '../directive.js';
import { parseBytes, parseChoices, parseInteger } from '../values.js';

type Words = Omit<WordsKind, 'kind'>;

const BIND_ADDRESSES_MAX = 16;

export const bindKind: Words = {
  parse: (words) => {
    if (words.length > BIND_ADDRESSES_MAX) return err('Too many bind addresses specified.');
    return ok(words.length === 1 && words[0] === '' ? '' : words.join(' '));
  },
};

/** Save points add up over the lines of a file; the first line replaces the built-in ones. */
export const saveKind: Words = {
  parse: (words, current, source) => {
    if (words.length === 1 && words[0] === '') return ok('');
    const numbers = words.map(parseInteger);
    const isPairs = words.length % 2 === 0;
    const isFine = numbers.every(
      (value, at) => value !== undefined && value >= (at % 2 === 0 ? 1n : 0n) && value < 2n ** 31n,
    );
    if (!isPairs || !isFine) return err('Invalid save parameters');
    const added = words.join(' ');
    return ok(source === 'file-again' && current !== '' ? `${current} ${added}` : added);
  },
  lines: (value) => {
    if (value === '') return [['']];
    const words = value.split(' ');
    return words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1]!]] : []));
  },
};

const CLASSES = ['normal', 'slave', 'pubsub'] as const;

/** Each class keeps its limits until it is named. */
export const bufferLimitsKind: Words = {
  parse: (words, current) => {
    if (words.length === 1 && words[0] === '') return ok(current);
    if (words.length % 4 !== 0) {
      return err('Wrong number of arguments in buffer limit configuration.');
    }
    const limits = current.split(' ');
    for (let at = 0; at < words.length; at += 4) {
      const name = words[at]!.toLowerCase();
      const index = CLASSES.indexOf((name === 'replica' ? 'slave' : name) as 'slave');
      if (index < 0) return err('Invalid client class specified in buffer limit configuration.');
      const hard = parseBytes(words[at + 1]!);
      const soft = parseBytes(words[at + 2]!);
      const seconds = /^[0-9]+$/.test(words[at + 3]!) ? Number(words[at + 3]) : undefined;
      if (hard === undefined || soft === undefined || seconds === undefined) {
        return err('Error in hard, soft or soft_seconds setting in buffer limit configuration.');
      }
      limits.splice(index * 4 + 1, 3, String(hard), String(soft), String(seconds));
    }
    return ok(limits.join(' '));
  },
  lines: (value) => {
    const words = value.split(' ');
    return CLASSES.map((_, index) => {
      const [name, hard, soft, seconds] = words.slice(index * 4, index * 4 + 4) as [
        string,
        string,
        string,
        string,
      ];
      return [name === 'slave' ? 'replica' : name, inUnits(hard), inUnits(soft), seconds];
    });
  },
};

/** Bytes as CONFIG REWRITE writes them: in the largest unit that divides them. */
export function inUnits(bytes: string): string {
  const value = BigInt(bytes);
  const units = [
    ['gb', 30n],
    ['mb', 20n],
    ['kb', 10n],
  ] as const;
  for (const [unit, shift] of units) {
    if (value !== 0n && value % (1n << shift) === 0n) return `${value >> shift}${unit}`;
  }
  return bytes;
}

export const replicaOfKind: Words = {
  parse: (words) => {
    if (words.length !== 2) return err('wrong number of arguments');
    const [host, portText] = words as [string, string];
    if (host.toLowerCase() === 'no' && portText.toLowerCase() === 'one') return ok('');
    const port = parseInteger(portText);
    if (port === undefined || port < 0n || port > 65535n) return err('Invalid master port');
    return ok(`${host} ${port}`);
  },
  lines: (value) => (value === '' ? [] : [value.split(' ')]),
};

const OOM_SCORE_MAX = 2000n;

export const oomScoresKind: Words = {
  parse: (words) => {
    if (words.length !== 3) return err('wrong number of arguments');
    const scores = words.map(parseInteger);
    const isFine = scores.every(
      (score) => score !== undefined && score >= -OOM_SCORE_MAX && score <= OOM_SCORE_MAX,
    );
    if (isFine) return ok(words.join(' '));
    return err('Invalid oom-score-adj-values, elements must be between -2000 and 2000.');
  },
};

export const percentilesKind: Words = {
  parse: (words) => {
    if (words.length === 1 && words[0] === '') return ok('');
    const shown: string[] = [];
    for (const word of words) {
      const value = Number(word);
      if (word === '' || Number.isNaN(value)) {
        return err('Invalid latency-tracking-info-percentiles parameters');
      }
      if (value < 0 || value > 100) {
        return err('latency-tracking-info-percentiles parameters should sit between [0.0,100.0]');
      }
      shown.push(String(Number(value.toPrecision(6))));
    }
    return ok(shown.join(' '));
  },
};

/** In the order redis-server shows them; `A` stands for the ones before `K`, except `m` and `n`. */
const EVENT_CLASSES = 'g$lshzxetd';
const EVENT_LETTERS = new Set(`${EVENT_CLASSES}AKEmn`);

export const keyspaceEventsKind: Words = {
  parse: (words) => {
    const given = new Set(words.join(' '));
    for (const letter of given) {
      if (!EVENT_LETTERS.has(letter)) {
        return err("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
      }
    }
    const isAll = given.has('A') || EVENT_CLASSES.split('').every((letter) => given.has(letter));
    const classes = isAll
      ? 'A'
      : EVENT_CLASSES.split('')
          .filter((letter) => given.has(letter))
          .join('');
    const rest = 'KEmn'
      .split('')
      .filter((letter) => given.has(letter))
      .join('');
    return ok(classes + rest);
  },
  lines: (value) => [[value]],
};

const SHUTDOWN_OPTIONS = ['default', 'save', 'nosave', 'now', 'force'];

/** `default` stands for no option at all, so it is not shown beside one. */
export const shutdownKind: Words = {
  parse: (words) => {
    const chosen = parseChoices(SHUTDOWN_OPTIONS, words);
    if (!chosen.ok) return chosen;
    const options = chosen.value.split(' ');
    if (options.includes('save') && options.includes('nosave')) {
      return err("shutdown options SAVE and NOSAVE can't be used simultaneously");
    }
    return ok(options.length === 1 ? chosen.value : chosen.value.replace(/^default /, ''));
  },
};
