/**
 * Word orders of the incumbents. `redis-cli -a secret --cluster create ...` puts its options before the
 * command, and `--cluster` in front of it; both are put where oclif looks for them, so that a script moves
 * over by exchanging the name of the program.
 */
import { TOPICS, commandIn } from './command-words.js';

/** Options with a value that redis-cli takes before the command. */
const VALUED = new Set([
  ...[
    '-a',
    '--pass',
    '--user',
    '-u',
    '--uri',
    '-t',
    '-X',
    '--cacert',
    '--cacertdir',
    '--cert',
    '--key',
  ],
  ...['--sni', '--tls-ciphers', '--tls-ciphersuites', '--password-file', '--nat-map'],
  ...['--connect-timeout', '--deadline'],
]);

/** oclif's own, which must stay in front, in the spelling it knows. */
const OWN: ReadonlyMap<string, string> = new Map([
  ['--help', '--help'],
  ['-h', '--help'],
  ['--version', '--version'],
  ['-v', '--version'],
]);

/** Options of redis-cli that mean nothing before `--cluster`: each word with the values it takes along. */
const MEANINGLESS: ReadonlyMap<string, number> = new Map([
  ['-c', 0],
  ['-h', 1],
  ['-p', 1],
  ['-n', 1],
  ['-s', 1],
]);

/** Their words after the first operand are the server's. */
const VERBATIM: ReadonlySet<string> = new Set(['call', 'node']);

const HELP = new Set(['-h', '--help']);

/** @param words without the program's name. @returns the command first, then everything else in order. */
export function normalizeWords(words: readonly string[]): string[] {
  const leading: string[] = [];
  const clusterAt = words.indexOf('--cluster');
  let at = 0;
  while (at < words.length && words[at]!.startsWith('-')) {
    const word = words[at]!;
    const meaningless = at < clusterAt ? MEANINGLESS.get(word) : undefined;
    if (meaningless === undefined && OWN.has(word)) break;
    at++;
    if (meaningless !== undefined) at += meaningless;
    else if (word !== '--cluster') leading.push(word);
    if (VALUED.has(word) && at < words.length) leading.push(words[at++]!);
  }
  const [command, ...rest] = words.slice(at);
  if (command === undefined) return leading.length === 0 ? [] : strange(leading);
  const own = OWN.get(command);
  if (own !== undefined) return [own, ...leading, ...rest];
  const known = commandIn([command, ...rest]);
  if (known === undefined) return strange([command, ...leading, ...rest]);
  if (asksForHelp(command, rest)) return ['help', ...known.split(' ')];
  return [command, ...leading, ...(command === 'call' ? sealed(rest) : rest)];
}

/** oclif shows help for `--help` wherever it stands, unless `--` stands before it. */
function sealed(rest: readonly string[]): readonly string[] {
  if (!rest.includes('--help') || rest.includes('--')) return rest;
  const operand = rest.findIndex((_, index) => isOperand(rest, index));
  return [...rest.slice(0, operand), '--', ...rest.slice(operand)];
}

function isOperand(words: readonly string[], at: number): boolean {
  return !words[at]!.startsWith('-') && !VALUED.has(words[at - 1] ?? '');
}

/** `help` says what is wrong with a command that is none, as a document where one is asked for. */
function strange(words: readonly string[]): string[] {
  const [first, second] = words;
  const isOfTopic = TOPICS.includes(first!) && second?.startsWith('-') === false;
  const wanted = isOfTopic ? [first!, second] : [first!];
  const isDocument = words.includes('--json') || words.includes('--events');
  return ['help', ...(isDocument ? ['--json'] : []), '--', ...wanted];
}

function asksForHelp(command: string, rest: readonly string[]): boolean {
  for (const [index, word] of rest.entries()) {
    if (word === '--') return false;
    if (HELP.has(word)) return !VALUED.has(rest[index - 1] ?? '');
    if (VERBATIM.has(command) && isOperand(rest, index)) return false;
  }
  return false;
}
