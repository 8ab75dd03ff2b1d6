/**
 * What is known about a lab that runs in the background: a file per lab in the XDG state folder, written
 * when the lab is up and removed when it goes down. The file can outlive its lab (a reboot, a kill -9),
 * so it is only believed when the servers in it answer with the ids they had; process ids get reused.
 */
import { readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { NodeAddress } from '../cluster/model.js';
import { makeFolder } from '../execute/make-folder.js';
import { TribError, messageOf } from '../kernel/errors.js';

export interface LabNode {
  readonly id: string;
  readonly address: NodeAddress;
  readonly pid: number;
}

export interface LabState {
  readonly version: 1;
  readonly name: string;
  /** The process that holds the lab; its end is the lab's end. */
  readonly pid: number;
  readonly startedAt: string;
  readonly server: string;
  readonly replicas: number;
  readonly nodes: readonly LabNode[];
  /** Logs, and the folders of real servers. */
  readonly folder: string;
}

/** Where trib keeps what must outlive a process: the XDG state folder, or what the platform has instead. */
export function stateFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const state =
    // Empty is as good as not set: the specification says so.
    (environment['XDG_STATE_HOME'] || undefined) ??
    (process.platform === 'win32' ? environment['LOCALAPPDATA'] : undefined) ??
    join(homedir(), '.local', 'state');
  return join(state, 'trib');
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

export class LabStore {
  readonly #base: string;

  constructor(environment: Readonly<Record<string, string | undefined>> = process.env) {
    this.#base = join(stateFolder(environment), 'lab');
  }

  /** Where a lab keeps its files while it runs. @throws TribError USAGE for a name no folder can have. */
  folderOf(name: string): string {
    if (!NAME.test(name)) {
      throw new TribError('USAGE', `A lab cannot be named "${name}".`, {
        hint: 'Use letters, digits, dots, underscores and hyphens.',
      });
    }
    return join(this.#base, name);
  }

  /** Known labs, running or not, by name. */
  list(): readonly LabState[] {
    try {
      return readdirSync(this.#base)
        .sort()
        .flatMap((name) => this.read(name) ?? []);
    } catch (error) {
      if (isMissing(error)) return [];
      throw new TribError('LAB', `The labs in ${this.#base} cannot be read: ${messageOf(error)}`, {
        hint: 'Make the folder readable, or name another one with the variable XDG_STATE_HOME.',
        cause: error,
      });
    }
  }

  read(name: string): LabState | undefined {
    try {
      const state = JSON.parse(readFileSync(this.#file(name), 'utf8')) as LabState;
      return (state.version as number) === 1 ? state : undefined;
    } catch (error) {
      // A half-written file cannot be (it is renamed into place); one that is no JSON is not ours.
      if (isMissing(error) || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  write(state: LabState): void {
    const path = this.#file(state.name);
    makeFolder(dirname(path));
    writeFileSync(`${path}.new`, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  /** Forget a lab and delete its files. */
  remove(name: string): void {
    rmSync(this.folderOf(name), { recursive: true, force: true });
  }

  #file(name: string): string {
    return join(this.folderOf(name), 'lab.json');
  }
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
