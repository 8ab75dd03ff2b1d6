import { Args, Flags } from '@oclif/core';
import { selectNode } from '../lib/cluster/select-node.js';
import {
  MovingCommand,
  movingCommandFlags,
  type MovesDocument,
} from '../lib/cli/moving-command.js';
import { planMoveSlots } from '../lib/plan/plan-move-slots.js';
import { parseSlots } from '../lib/plan/slots/parse-slots.js';
import { transferLine } from '../lib/render/reshard-text.js';

interface MoveSlotsDocument extends MovesDocument {
  readonly kind: 'move-slots';
}

export default class MoveSlots extends MovingCommand {
  static override summary = 'Move these slots to one primary.';
  static override description =
    'Each slot comes from whoever owns it; slots the target has already are left out.';
  static override strict = false;
  static override usage = 'move-slots HOST:PORT SLOTS... --to NODE [--from NODE]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 0-99,5461 --to 127.0.0.1:7002',
  ];
  static override args = {
    node: Args.string({ description: 'host:port of any node', required: false }),
    slots: Args.string({ description: 'slots and ranges: 0-99,5461', required: false }),
  };
  static override flags = {
    to: Flags.string({ helpValue: '<id>', summary: 'who takes: id, prefix or address' }),
    from: Flags.string({
      helpValue: '<id>',
      summary: 'who gives; default: the owner of each slot',
    }),
    ...movingCommandFlags,
  };

  async run(): Promise<MoveSlotsDocument> {
    const { argv, flags } = await this.parse(MoveSlots);
    const { target, rest } = this.firstNode(argv);
    const slots = parseSlots(rest);
    if (slots.length === 0) throw this.usage('Which slots? Give numbers or ranges: 0-99,5461.');
    const { to, from } = flags;
    if (to === undefined) throw this.usage('Where to? Give --to NODE.');
    return this.withSession(flags, [target], async (session): Promise<MoveSlotsDocument> => {
      const look = await this.lookInOrder(session, target.address, flags, 'moving slots');
      const primary = (text: string) => selectNode(look.view, text, { role: 'primary' }).id;
      const decision = planMoveSlots(look.view, {
        slots,
        targetId: primary(to),
        sourceId: from === undefined ? undefined : primary(from),
      });
      if (!(await this.review(decision.plan, flags))) {
        return { kind: 'move-slots', outcome: this.undone(flags), ...this.movesDocument(decision) };
      }
      this.say(decision.transfers.map(transferLine));
      const done = await this.carryOut(session, look, decision, flags);
      if (decision.transfers.length === 0) {
        this.say(['[OK] Nothing to move.']);
        return { kind: 'move-slots', outcome: 'nothing-to-do', ...done };
      }
      this.sayMoved(done, decision);
      return { kind: 'move-slots', outcome: 'moved', ...done };
    });
  }
}
