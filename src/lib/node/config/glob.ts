/**
 * Glob patterns as redis-server matches names: `*`, `?`, `[a-z]`, `[^a]`, `\` escapes; names of directives
 * in any case, names of files as they are written. One pass with a single point of return, so that no pattern takes more than its length times the
 * name's: patterns come from clients.
 */
export function matchesGlob(
  pattern: string,
  text: string,
  letters: 'any-case' | 'exact' = 'any-case',
): boolean {
  const tokens = tokensOf(letters === 'exact' ? pattern : pattern.toLowerCase());
  const subject = letters === 'exact' ? text : text.toLowerCase();
  let at = 0;
  let token = 0;
  let star = -1;
  let starAt = 0;
  while (at < subject.length) {
    const current = tokens[token];
    if (current === 'any') {
      star = token++;
      starAt = at;
    } else if (current?.(subject[at]!)) {
      at++;
      token++;
    } else if (star >= 0) {
      token = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (tokens[token] === 'any') token++;
  return token === tokens.length;
}

type Token = 'any' | ((char: string) => boolean);

function tokensOf(pattern: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    if (char === '*') tokens.push('any');
    else if (char === '?') tokens.push(() => true);
    else if (char === '[') {
      const end = pattern.indexOf(']', at + 1);
      tokens.push(classOf(pattern.slice(at + 1, end < 0 ? undefined : end)));
      at = end < 0 ? pattern.length : end;
    } else {
      const literal = char === '\\' && at + 1 < pattern.length ? pattern[++at]! : char;
      tokens.push((other) => other === literal);
    }
  }
  return tokens;
}

/** The inside of `[...]`. */
function classOf(inside: string): (char: string) => boolean {
  const isNegated = inside.startsWith('^');
  const members = isNegated ? inside.slice(1) : inside;
  return (char) => {
    let isMember = false;
    for (let at = 0; at < members.length; at++) {
      const low = members[at]!;
      const isRange = members[at + 1] === '-' && at + 2 < members.length;
      const high = isRange ? members[at + 2]! : low;
      if (isRange) at += 2;
      if ((low <= char && char <= high) || (high <= char && char <= low)) isMember = true;
    }
    return isMember !== isNegated;
  };
}
