/** Which directive a misspelt one was probably meant to be. */
import { nearestWord } from '../../kernel/nearest.js';
import { DIRECTIVES } from './directives.js';
import { FILE_ONLY_DIRECTIVES } from './file-only.js';

export function nearestDirective(name: string): string | undefined {
  const names = DIRECTIVES.flatMap(({ name: known, alias }) => [known, ...(alias ? [alias] : [])]);
  return nearestWord(name, [...names, ...FILE_ONLY_DIRECTIVES.map((directive) => directive.name)]);
}
