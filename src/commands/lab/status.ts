/** What is known about labs in the background, each node asked whether it still is who it was. */
import { Flags } from '@oclif/core';
import { TribCommand } from '../../lib/cli/base-command.js';
import { SCHEMA_VERSION } from '../../lib/cli/documents.js';
import { RedisLinks } from '../../lib/client/redis-links.js';
import { formatAddress } from '../../lib/cluster/address.js';
import { TribError } from '../../lib/kernel/errors.js';
import { shortId } from '../../lib/kernel/node-id.js';
import { LabStore } from '../../lib/lab/state.js';
import { type LabStatus as Status, statusOf } from '../../lib/lab/status.js';

interface StatusDocument {
  readonly schemaVersion: number;
  readonly kind: 'lab-status';
  readonly labs: readonly Status[];
}

export default class LabStatus extends TribCommand {
  static override summary = 'Show the clusters that `lab up --detach` has left running.';
  static override description = 'Exit status 0 when every one shown is up.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --name real --json',
  ];
  static override flags = {
    name: Flags.string({ summary: 'of one lab [default: all]' }),
  };

  async run(): Promise<StatusDocument> {
    const { flags } = await this.parse(LabStatus);
    const store = new LabStore();
    const known = store.list().filter(({ name }) => (flags.name ?? name) === name);
    if (known.length === 0 && flags.name !== undefined) {
      throw new TribError('LAB', `No lab is called "${flags.name}".`, {
        hint: `Start it: ${this.config.bin} lab up --name ${flags.name} --detach`,
      });
    }
    const links = new RedisLinks();
    try {
      const labs = await Promise.all(known.map((lab) => statusOf(lab, links)));
      if (labs.length === 0) this.say(['No lab runs in the background.']);
      for (const lab of labs) this.say(textOf(lab));
      if (labs.some(({ state }) => state !== 'up')) this.setStatus(1);
      return { schemaVersion: SCHEMA_VERSION, kind: 'lab-status', labs };
    } finally {
      links.closeAll();
    }
  }
}

function textOf({ lab, state, nodes }: Status): readonly string[] {
  const server = lab.server === 'embedded' ? 'embedded nodes' : lab.server;
  const mark = state === 'up' ? '[OK]' : state === 'degraded' ? '[WARNING]' : '[ERR]';
  return [
    `${mark} ${lab.name}: ${state}; ${nodes.length} ${server}, process ${lab.pid}, since ${lab.startedAt}`,
    ...nodes.map(
      (node) =>
        `    ${formatAddress(node.address)} ${shortId(node.id)} ${node.state}` +
        (node.clusterState === undefined ? '' : `, cluster_state:${node.clusterState}`),
    ),
    ...(state === 'gone' ? ['    Only its record is left; `lab down` removes that.'] : []),
  ];
}
