/** Every command class of the program with its id, straight from the sources. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from '@oclif/core';

export interface NamedCommand {
  /** As typed: `lab up`. */
  readonly id: string;
  readonly command: Command.Class;
}

export async function loadCommands(): Promise<readonly NamedCommand[]> {
  const folder = new URL('../../src/commands/', import.meta.url);
  const files = readdirSync(fileURLToPath(folder), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .sort();
  return Promise.all(
    files.map(async (path) => {
      const module = (await import(new URL(path, folder).href)) as { default: Command.Class };
      return { id: path.slice(0, -'.ts'.length).replaceAll('/', ' '), command: module.default };
    }),
  );
}
