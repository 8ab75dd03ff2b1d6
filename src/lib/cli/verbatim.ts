/**
 * `call` sends what follows the node word for word, dashes included. So the command line is cut at the
 * first operand: options before it are ours, everything behind it belongs to the server's command. Only
 * redis-cli's own filters are still ours there, because its users write them at the end.
 */
interface FlagShape {
  readonly type: 'option' | 'boolean';
  readonly char?: string | undefined;
  readonly aliases?: readonly string[] | undefined;
}

const FILTER = /^--cluster-only-(masters|primaries|replicas)$/;

/** @returns the words oclif should parse: `--` is put before the first operand. */
export function cutAtOperand(
  words: readonly string[],
  flags: Readonly<Record<string, FlagShape>>,
): readonly string[] {
  let at = 0;
  while (at < words.length) {
    const word = words[at]!;
    if (word === '--') return words;
    if (!word.startsWith('-') || word === '-') break;
    at += takesValue(word, flags) ? 2 : 1;
  }
  const rest = words.slice(at);
  const filters = rest.slice(1).filter((word) => FILTER.test(word));
  const verbatim = rest.filter((word, index) => index === 0 || !FILTER.test(word));
  return [...words.slice(0, at), ...filters, '--', ...verbatim];
}

function takesValue(word: string, flags: Readonly<Record<string, FlagShape>>): boolean {
  if (word.includes('=')) return false;
  const isLong = word.startsWith('--');
  // `-asecret` carries its value along.
  if (!isLong && word.length > 2) return false;
  const name = word.replace(/^--?/, '');
  const shape = isLong
    ? (flags[name] ?? Object.values(flags).find(({ aliases }) => aliases?.includes(name)))
    : Object.values(flags).find(({ char }) => char === name);
  return shape?.type === 'option';
}
