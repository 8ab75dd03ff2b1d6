import { Args } from '@oclif/core';
import { TribCommand } from '../lib/cli/base-command.js';
import { SHELLS, completionScript, type Shell } from '../lib/cli/completion-scripts.js';
import { SCHEMA_VERSION } from '../lib/cli/documents.js';

interface CompletionDocument {
  readonly schemaVersion: number;
  readonly kind: 'completion';
  readonly shell: Shell;
  readonly script: string;
}

export default class Completion extends TribCommand {
  static override summary = 'Print a script that completes commands and options in your shell.';
  static override examples = [
    'source <(<%= config.bin %> <%= command.id %> bash)',
    '<%= config.bin %> <%= command.id %> fish > ~/.config/fish/completions/trib.fish',
  ];
  static override args = {
    shell: Args.option({ options: SHELLS })({ required: true, description: 'bash, zsh or fish' }),
  };

  async run(): Promise<CompletionDocument> {
    const { args } = await this.parse(Completion);
    const commands = this.config.commands
      .filter(({ hidden }) => !hidden)
      .map(({ id, summary, flags }) => ({
        id: id.replaceAll(':', ' '),
        summary: summary ?? '',
        options: Object.entries(flags)
          .filter(([, flag]) => !flag.hidden)
          .map(([name]) => `--${name}`),
      }));
    const script = completionScript(args.shell, this.config.bin, commands);
    if (!this.jsonEnabled()) process.stdout.write(script);
    return { schemaVersion: SCHEMA_VERSION, kind: 'completion', shell: args.shell, script };
  }
}
