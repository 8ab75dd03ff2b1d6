import { loadHelpClass } from '@oclif/core';
import { TribCommand } from '../lib/cli/base-command.js';
import { commandIn, noSuchCommand } from '../lib/cli/command-words.js';

export default class HelpCommand extends TribCommand {
  static override summary = 'Say what trib can do, or how one command is used.';
  static override strict = false;
  static override usage = 'help [COMMAND]';
  static override examples = ['<%= config.bin %> help', '<%= config.bin %> help lab up'];

  async run(): Promise<void> {
    const { argv } = await this.parse(HelpCommand);
    const words = argv.map(String);
    if (words.length > 0 && commandIn(words) === undefined) throw noSuchCommand(words);
    const Help = await loadHelpClass(this.config);
    await new Help(this.config, this.config.pjson.oclif.helpOptions).showHelp(words);
  }
}
