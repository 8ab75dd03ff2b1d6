/** Directives that only a file or the command line may hold; CONFIG GET does not show them. */
import type { DirectiveStatus } from './directive.js';

export interface FileOnlyDirective {
  readonly name: string;
  readonly status: DirectiveStatus;
  readonly note: string;
}

const NO_SCRIPTS = 'Scripting is not served.';
const NO_LISTPACKS = 'An older spelling that redis-server 7.0 ignores as well.';

export const FILE_ONLY_DIRECTIVES: readonly FileOnlyDirective[] = [
  { name: 'include', status: 'effective', note: 'Reads other files in place; `*` is allowed.' },
  {
    name: 'user',
    status: 'refused',
    note: 'Only the default user with every right, as CONFIG REWRITE writes it; use requirepass.',
  },
  {
    name: 'rename-command',
    status: 'refused',
    note: 'Commands keep their names here; a firewall or requirepass keeps others out.',
  },
  { name: 'loadmodule', status: 'refused', note: 'There are no modules.' },
  { name: 'sentinel', status: 'refused', note: 'This is no sentinel.' },
  { name: 'list-max-ziplist-entries', status: 'accepted', note: NO_LISTPACKS },
  { name: 'list-max-ziplist-value', status: 'accepted', note: NO_LISTPACKS },
  { name: 'lua-replicate-commands', status: 'accepted', note: NO_SCRIPTS },
];

export function findFileOnly(name: string): FileOnlyDirective | undefined {
  return FILE_ONLY_DIRECTIVES.find((directive) => directive.name === name);
}
