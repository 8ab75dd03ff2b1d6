/**
 * Word orders of the incumbents. `redis-cli -a secret --cluster create ...` puts its options before the
 * command, and `--cluster` in front of it; both are put where oclif looks for them, so that a script moves
 * over by exchanging the name of the program.
 */

/** Options with a value that redis-cli takes before the command. */
const VALUED = new Set([
  ...['-a', '--pass', '--user', '-u', '--uri', '-t', '--cacert', '--cacertdir', '--cert', '--key'],
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

/** @param words without the program's name. @returns the command first, then everything else in order. */
export function normalizeWords(words: readonly string[]): string[] {
  const leading: string[] = [];
  let at = 0;
  while (at < words.length && words[at]!.startsWith('-') && !OWN.has(words[at]!)) {
    const word = words[at]!;
    if (word !== '--cluster') leading.push(word);
    at++;
    if (VALUED.has(word) && at < words.length) leading.push(words[at++]!);
  }
  const [command, ...rest] = words.slice(at);
  if (command === undefined) return [...words];
  return [OWN.get(command) ?? command, ...leading, ...rest];
}
