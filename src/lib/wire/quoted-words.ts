/**
 * Words of a typed line, as inline commands and configuration lines quote them: blanks separate;
 * "..." knows \n \r \t \b \a \xHH and a backslash before anything else; '...' knows only \'.
 * A closing quote must end its word.
 */
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  a: '\x07',
};

/** @returns undefined when quotes are unbalanced. */
export function splitWords(line: string): string[] | undefined {
  // The reference implementation reads C strings: a NUL ends the line.
  const nul = line.indexOf('\0');
  const text = nul < 0 ? line : line.slice(0, nul);
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isBlank(text[at]!)) at++;
    if (at >= text.length) return words;
    let word = '';
    while (at < text.length && !isBlank(text[at]!)) {
      const quote = text[at]!;
      if (quote !== '"' && quote !== "'") {
        word += quote;
        at++;
        continue;
      }
      const quoted = quote === '"' ? readDouble(text, at + 1) : readSingle(text, at + 1);
      if (quoted === undefined) return undefined;
      word += quoted.text;
      at = quoted.next;
      if (at < text.length && !isBlank(text[at]!)) return undefined;
    }
    words.push(word);
  }
}

const PLAIN_WORD = /^[!$%&()*+,\-./0-9:;<=>?@A-Z[\]^_`a-z{|}~]+$/;

/** A word as `splitWords` reads it back; quoted only where it must be. */
export function quoteWord(word: string): string {
  return PLAIN_WORD.test(word) ? word : quoteAlways(word);
}

/** The same, always in quotes. */
export function quoteAlways(word: string): string {
  let quoted = '';
  for (let at = 0; at < word.length; at++) {
    const char = word[at]!;
    const code = char.charCodeAt(0);
    const name = Object.entries(ESCAPES).find(([, byte]) => byte === char)?.[0];
    if (char === '"' || char === '\\') quoted += `\\${char}`;
    else if (name !== undefined) quoted += `\\${name}`;
    else if (code < 0x20 || code > 0x7e) quoted += `\\x${code.toString(16).padStart(2, '0')}`;
    else quoted += char;
  }
  return `"${quoted}"`;
}

interface Quoted {
  readonly text: string;
  readonly next: number;
}

function readDouble(line: string, from: number): Quoted | undefined {
  let text = '';
  for (let at = from; at < line.length; at++) {
    const char = line[at]!;
    if (char === '"') return { text, next: at + 1 };
    if (char !== '\\' || at + 1 >= line.length) {
      text += char;
      continue;
    }
    const hex = /^x[0-9a-fA-F]{2}/.exec(line.slice(at + 1, at + 4));
    if (hex) {
      text += String.fromCharCode(parseInt(line.slice(at + 2, at + 4), 16));
      at += 3;
    } else {
      const escaped = line[at + 1]!;
      text += ESCAPES[escaped] ?? escaped;
      at++;
    }
  }
  return undefined;
}

function readSingle(line: string, from: number): Quoted | undefined {
  let text = '';
  for (let at = from; at < line.length; at++) {
    const char = line[at]!;
    if (char === "'") return { text, next: at + 1 };
    if (char === '\\' && line[at + 1] === "'") {
      text += "'";
      at++;
    } else {
      text += char;
    }
  }
  return undefined;
}

function isBlank(char: string): boolean {
  return (
    char === ' ' ||
    char === '\t' ||
    char === '\r' ||
    char === '\n' ||
    char === '\v' ||
    char === '\f'
  );
}
