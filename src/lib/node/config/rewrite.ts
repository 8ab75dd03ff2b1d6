/** CONFIG REWRITE: what the file says after it, given what it said and what is in force. */
import { type ConfEntry, rewriteConf } from '../../wire/redis-conf.js';
import type { Configuration } from './configuration.js';
import type { Directive, ValueSource } from './directive.js';
import { inUnits } from './directives/words.js';
import { parseValue } from './values.js';

export function rewriteConfig(text: string, configuration: Configuration): string {
  const entries = configuration.entries().map(([directive, value]) => entryOf(directive, value));
  return rewriteConf(text, entries);
}

function entryOf(directive: Directive, value: string): ConfEntry {
  return {
    name: directive.name,
    alias: directive.alias,
    lines: linesOf(directive, value),
    isDefault: value === directive.default,
    saysTheSame: (lines) => valueOf(directive, lines) === value,
  };
}

function linesOf(directive: Directive, value: string): readonly (readonly string[])[] {
  const { kind } = directive;
  switch (kind.kind) {
    case 'words':
      return kind.lines?.(value) ?? [value === '' ? [''] : value.split(' ')];
    case 'memory':
      return [[value.endsWith('%') ? value : inUnits(value)]];
    default:
      return [[value]];
  }
}

/** What lines of a file amount to; undefined when they are wrong. */
function valueOf(directive: Directive, lines: readonly (readonly string[])[]): string | undefined {
  let current = directive.default;
  let source: ValueSource = 'file';
  for (const words of lines) {
    const value = parseValue(directive, words, current, source);
    if (!value.ok) return undefined;
    current = value.value;
    source = 'file-again';
  }
  return current;
}
