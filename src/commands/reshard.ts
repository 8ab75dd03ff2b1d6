import { Args, Flags } from '@oclif/core';
import { Dialogue } from '../lib/cli/dialogue.js';
import {
  MovingCommand,
  movingCommandFlags,
  type MovesDocument,
} from '../lib/cli/moving-command.js';
import { askReshard, consent, slotCountFrom } from '../lib/cli/reshard-questions.js';
import { planReshard } from '../lib/plan/plan-reshard.js';
import { reshardText } from '../lib/render/reshard-text.js';

interface ReshardDocument extends MovesDocument {
  readonly kind: 'reshard';
}

export default class Reshard extends MovingCommand {
  static override summary = 'Move a number of slots to one primary, from others or from all.';
  static override description =
    'Moves exactly as many slots as asked for, with their keys, while clients go on. Asks for what is not given.';
  static override strict = false;
  static override usage = 'reshard HOST:PORT [--from IDS|all] [--to ID] [--slots N] [--yes]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 --from all --to 3f1a2b70 --slots 1000 --yes',
  ];
  static override args = {
    node: Args.string({ description: 'host:port of any node', required: false }),
  };
  static override flags = {
    from: Flags.string({
      aliases: ['cluster-from'],
      helpValue: '<ids>',
      summary: "who gives: ids, prefixes or addresses with commas, or 'all'",
    }),
    to: Flags.string({
      aliases: ['cluster-to'],
      helpValue: '<id>',
      summary: 'who takes: id, prefix or address',
    }),
    slots: Flags.string({
      aliases: ['cluster-slots'],
      helpValue: '<n>',
      summary: 'how many slots, 1 to 16384',
    }),
    ...movingCommandFlags,
  };

  async run(): Promise<ReshardDocument> {
    const { argv, flags } = await this.parse(Reshard);
    const target = this.oneNode(argv);
    const given = {
      count: flags.slots === undefined ? undefined : slotCountFrom(flags.slots),
      to: flags.to,
      from: flags.from,
    };
    const dialogue = new Dialogue(this.asking, 'Give --slots, --to, --from and --yes.');
    return this.withSession(flags, [target], async (session): Promise<ReshardDocument> => {
      const look = await this.lookInOrder(session, target.address, flags, 'resharding');
      this.sayCheck(look);
      const wish = await askReshard(look.view, given, dialogue);
      const decision = planReshard(look.view, wish);
      this.say(reshardText(look.view, decision, { verbose: flags.verbose }));
      if (!(await this.review(decision.plan, flags))) {
        return { kind: 'reshard', outcome: this.undone(flags), ...this.movesDocument(decision) };
      }
      if (!flags.yes) await consent(dialogue);
      const done = await this.carryOut(session, look, decision, flags);
      this.sayMoved(done, decision);
      return { kind: 'reshard', outcome: 'moved', ...done };
    }).finally(() => dialogue.close());
  }
}
