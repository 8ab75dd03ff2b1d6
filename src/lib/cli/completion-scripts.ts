/** Shell completion of commands and options, as a script each shell can read; no files are installed. */
export interface CommandWords {
  /** As typed: `lab up`. */
  readonly id: string;
  readonly summary: string;
  /** With their dashes. */
  readonly options: readonly string[];
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(
  shell: Shell,
  program: string,
  commands: readonly CommandWords[],
): string {
  switch (shell) {
    case 'bash':
      return bash(program, commands);
    case 'zsh':
      return zsh(program, commands);
    case 'fish':
      return fish(program, commands);
  }
}

/** Words after the first one, by the words before: topics have two. */
function bash(program: string, commands: readonly CommandWords[]): string {
  const cases = commands.map(({ id, options }) => `    "${id}") words="${options.join(' ')}" ;;`);
  const firsts = [...new Set(commands.map(({ id }) => id.split(' ')[0]!))].join(' ');
  const topics = topicsOf(commands).map(
    ([topic, verbs]) => `    "${topic}") words="${verbs.join(' ')}" ;;`,
  );
  return `_${program}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words="" command="\${COMP_WORDS[1]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${firsts}" -- "$current"))
    return
  fi
  case "$command" in
${topics.join('\n')}
  esac
  if [ -n "$words" ] && [ "$COMP_CWORD" -eq 2 ]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    return
  fi
  [ -n "$words" ] && command="$command \${COMP_WORDS[2]}"
  words=""
  case "$command" in
${cases.join('\n')}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}
complete -F _${program} ${program}
`;
}

/** zsh reads bash's completions, given a translator it brings along. */
function zsh(program: string, commands: readonly CommandWords[]): string {
  return `autoload -U +X bashcompinit && bashcompinit
${bash(program, commands)}`;
}

function fish(program: string, commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ id, summary, options }) => {
    const [first, second] = id.split(' ');
    const place =
      second === undefined ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${first!}`;
    return [
      `complete -c ${program} -f -n '${place}' -a '${second ?? first!}' -d ${quoted(summary)}`,
      ...options.map(
        (option) =>
          `complete -c ${program} -n '__fish_seen_subcommand_from ${second ?? first!}' -l ${option.slice(2)}`,
      ),
    ];
  });
  const topics = topicsOf(commands).map(
    ([topic]) => `complete -c ${program} -f -n '__fish_use_subcommand' -a '${topic}'`,
  );
  return `${[...topics, ...lines].join('\n')}\n`;
}

function topicsOf(commands: readonly CommandWords[]): readonly (readonly [string, string[]])[] {
  const topics = new Map<string, string[]>();
  for (const { id } of commands) {
    const [topic, verb] = id.split(' ');
    if (verb !== undefined) topics.set(topic!, [...(topics.get(topic!) ?? []), verb]);
  }
  return [...topics];
}

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`\'`)}'`;
