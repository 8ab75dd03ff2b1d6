import { Command, loadHelpClass } from '@oclif/core';

export default class HelpCommand extends Command {
  static override summary = 'Say what trib can do, or how one command is used.';
  static override strict = false;
  static override usage = 'help [COMMAND]';
  static override examples = ['<%= config.bin %> help', '<%= config.bin %> help lab up'];

  async run(): Promise<void> {
    const { argv } = await this.parse(HelpCommand);
    const Help = await loadHelpClass(this.config);
    await new Help(this.config, this.config.pjson.oclif.helpOptions).showHelp(argv.map(String));
  }
}
