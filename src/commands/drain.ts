import { Args, Flags } from '@oclif/core';
import { nameOf, selectNode } from '../lib/cluster/select-node.js';
import {
  MovingCommand,
  movingCommandFlags,
  type MovesDocument,
} from '../lib/cli/moving-command.js';
import { planDrain } from '../lib/plan/plan-drain.js';
import { transferLine } from '../lib/render/reshard-text.js';

interface DrainDocument extends MovesDocument {
  readonly kind: 'drain';
  readonly node: string;
  readonly removed: boolean;
}

export default class Drain extends MovingCommand {
  static override summary = 'Move everything off a primary, and with --remove take it out.';
  static override description =
    'The others end as even as they can; the replicas of the node get another primary.';
  static override strict = false;
  static override usage = 'drain HOST:PORT NODE [--to IDS] [--remove] [--yes]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 3f1a2b70',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 127.0.0.1:7003 --remove --yes',
  ];
  static override args = {
    node: Args.string({ description: 'host:port of any node', required: false }),
    victim: Args.string({ description: 'id, prefix of one, or address', required: false }),
  };
  static override flags = {
    to: Flags.string({
      helpValue: '<ids>',
      summary: 'who takes the slots, with commas; default: all other primaries',
    }),
    remove: Flags.boolean({ summary: 'let all others forget it, and reset it, afterwards' }),
    ...movingCommandFlags,
  };

  async run(): Promise<DrainDocument> {
    const { argv, flags } = await this.parse(Drain);
    const { target, rest } = this.firstNode(argv);
    if (rest.length !== 1) throw this.usage('Give a node of the cluster, and the one to drain.');
    const takers = flags.to?.split(',').filter((word) => word.trim() !== '');
    return this.withSession(flags, [target], async (session): Promise<DrainDocument> => {
      const look = await this.lookInOrder(session, target.address, flags, 'draining a node');
      const { id } = selectNode(look.view, rest[0]!);
      const decision = planDrain(look.view, {
        id,
        targetIds: takers?.map((text) => selectNode(look.view, text).id),
        remove: flags.remove,
      });
      const base = { kind: 'drain', node: id } as const;
      const { plan, victim, transfers } = decision;
      const question = `Move all slots off ${nameOf(victim)} and remove it from the cluster?`;
      if (!(await this.review(plan, flags, flags.remove ? question : undefined))) {
        return {
          ...base,
          outcome: this.undone(flags),
          removed: false,
          ...this.movesDocument(decision),
        };
      }
      this.say(transfers.map(transferLine));
      const done = await this.carryOut(session, look, decision, flags);
      if (transfers.length > 0) this.sayMoved(done, decision);
      if (done.slotCount === this.movesDocument(decision).slotCount) {
        this.say([
          `[OK] ${nameOf(victim)} owns no slots${flags.remove ? ' and is out of the cluster' : ''}.`,
        ]);
      }
      const outcome = plan.stages.length === 0 ? 'nothing-to-do' : 'moved';
      return { ...base, outcome, removed: flags.remove, ...done };
    });
  }
}
