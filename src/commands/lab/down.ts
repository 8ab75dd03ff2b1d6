/** Ends what `lab up --detach` has started, by its process, and removes what is left of it. */
import { Flags } from '@oclif/core';
import { TribCommand } from '../../lib/cli/base-command.js';
import { SCHEMA_VERSION } from '../../lib/cli/documents.js';
import { RedisLinks } from '../../lib/client/redis-links.js';
import { LabStore } from '../../lib/lab/state.js';
import { takeDown } from '../../lib/lab/take-down.js';

interface DownDocument {
  readonly schemaVersion: number;
  readonly kind: 'lab-down';
  readonly ended: readonly string[];
  readonly stale: readonly string[];
}

export default class LabDown extends TribCommand {
  static override summary = 'End a cluster that runs in the background.';
  static override description = 'Without one there is nothing to do, and that is no error.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --name real',
    '<%= config.bin %> <%= command.id %> --all',
  ];
  static override flags = {
    name: Flags.string({ default: 'default', summary: 'of the lab' }),
    all: Flags.boolean({ summary: 'every lab there is' }),
  };

  async run(): Promise<DownDocument> {
    const { flags } = await this.parse(LabDown);
    const store = new LabStore();
    const labs = store.list().filter(({ name }) => flags.all || name === flags.name);
    if (labs.length === 0) this.say(['[OK] No such lab runs: nothing to do.']);
    const ended: string[] = [];
    const stale: string[] = [];
    const links = new RedisLinks();
    try {
      for (const lab of labs) {
        const wasRunning = await takeDown(lab, store, links);
        (wasRunning ? ended : stale).push(lab.name);
        this.say([
          wasRunning
            ? `[OK] The lab "${lab.name}" is down: ${lab.nodes.length} nodes stopped.`
            : `[OK] The lab "${lab.name}" was gone already; its record is removed.`,
        ]);
      }
    } finally {
      links.closeAll();
    }
    return { schemaVersion: SCHEMA_VERSION, kind: 'lab-down', ended, stale };
  }
}
