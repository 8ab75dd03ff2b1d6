/**
 * Glob patterns over keys, channels and names: `*`, `?`, `[a-z]`, `[^a]`, `\` escapes, bytes compared as they
 * are. A pattern is compiled once and matched with a single point of return, so that the worst pattern
 * takes its length times the key's, never exponentially many steps: patterns come from clients.
 */
type Token = Wild | Literal | CharacterClass;

interface Wild {
  readonly kind: 'star' | 'any';
}

interface Literal {
  readonly kind: 'literal';
  readonly char: string;
}

interface CharacterClass {
  readonly kind: 'class';
  readonly isNegated: boolean;
  /** Pairs of first and last, both included. */
  readonly ranges: readonly (readonly [number, number])[];
}

const STAR: Token = { kind: 'star' };
const ANY: Token = { kind: 'any' };

export function compileGlob(pattern: string): (text: string) => boolean {
  if (pattern === '*') return () => true;
  const tokens = tokensOf(pattern);
  if (tokens.every((token) => token.kind === 'literal')) {
    const literal = tokens.map((token) => token.char).join('');
    return (text) => text === literal;
  }
  return (text) => matches(tokens, text);
}

function matches(tokens: readonly Token[], text: string): boolean {
  let at = 0;
  let token = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const current = tokens[token];
    if (current?.kind === 'star') {
      star = token++;
      starAt = at;
    } else if (current !== undefined && matchesOne(current, text, at)) {
      at++;
      token++;
    } else if (star >= 0) {
      token = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (tokens[token]?.kind === 'star') token++;
  return token === tokens.length;
}

function matchesOne(token: Token, text: string, at: number): boolean {
  if (token.kind === 'literal') return token.char === text[at];
  if (token.kind !== 'class') return true;
  const code = text.charCodeAt(at);
  return token.ranges.some(([first, last]) => first <= code && code <= last) !== token.isNegated;
}

function tokensOf(pattern: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    if (char === '*') {
      if (tokens.at(-1) !== STAR) tokens.push(STAR);
    } else if (char === '?') tokens.push(ANY);
    else if (char === '[') {
      const { value, last } = readClass(pattern, at + 1);
      tokens.push(value);
      at = last;
    } else {
      const isEscape = char === '\\' && at + 1 < pattern.length;
      tokens.push({ kind: 'literal', char: isEscape ? pattern[++at]! : char });
    }
  }
  return tokens;
}

/** `from` is behind the bracket; `last` is the closing one, or the pattern's last character. */
function readClass(pattern: string, from: number): { value: CharacterClass; last: number } {
  let at = from;
  const isNegated = pattern[at] === '^';
  if (isNegated) at++;
  const ranges: [number, number][] = [];
  for (; at < pattern.length && pattern[at] !== ']'; at++) {
    if (pattern[at] === '\\' && at + 1 < pattern.length) {
      at++;
      ranges.push([pattern.charCodeAt(at), pattern.charCodeAt(at)]);
    } else if (pattern[at + 1] === '-' && at + 2 < pattern.length) {
      const bounds = [pattern.charCodeAt(at), pattern.charCodeAt(at + 2)].sort((a, b) => a - b);
      ranges.push(bounds as [number, number]);
      at += 2;
    } else ranges.push([pattern.charCodeAt(at), pattern.charCodeAt(at)]);
  }
  return { value: { kind: 'class', isNegated, ranges }, last: Math.min(at, pattern.length - 1) };
}
