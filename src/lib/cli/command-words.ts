/**
 * The commands there are, known before any of them is loaded: a word that is none of them is answered by
 * `help` in our own words, with the nearest match, and not by oclif in its.
 */
import { TribError } from '../kernel/errors.js';
import { nearestWord } from '../kernel/nearest.js';

export const COMMANDS: readonly string[] = [
  ...['abort', 'add-node', 'apply', 'backup', 'call', 'check', 'completion', 'create'],
  ...['del-node', 'drain', 'failover', 'fix', 'forget', 'help', 'import', 'info', 'lab down'],
  ...['lab status', 'lab up', 'move-slots', 'node', 'orphans', 'plan apply', 'plan show'],
  ...['rebalance', 'reset', 'reshard', 'restore', 'resume', 'set-timeout', 'wait'],
];

/** First words of commands of two. */
export const TOPICS: readonly string[] = ['lab', 'plan'];

/** The command these words begin with, or the topic; undefined when they begin with neither. */
export function commandIn(words: readonly string[]): string | undefined {
  const [first = '', second = ''] = words;
  if (!TOPICS.includes(first)) return COMMANDS.includes(first) ? first : undefined;
  if (second === '' || second.startsWith('-')) return first;
  const command = `${first} ${second}`;
  return COMMANDS.includes(command) ? command : undefined;
}

/** @param words as typed; none of them an option, where there is any other */
export function noSuchCommand(words: readonly string[]): TribError {
  const isOfTopic = TOPICS.includes(words[0] ?? '') && words[1] !== undefined;
  const wanted = isOfTopic ? `${words[0]!} ${words[1]}` : (words[0] ?? '');
  const nearest = nearestWord(wanted, COMMANDS);
  return new TribError('USAGE', `"${wanted}" is no command of trib.`, {
    hint: [
      ...(nearest === undefined ? [] : [`Did you mean trib ${nearest}?`]),
      'trib help lists all commands.',
    ],
    details: { wanted, ...(nearest === undefined ? {} : { nearest }) },
  });
}
