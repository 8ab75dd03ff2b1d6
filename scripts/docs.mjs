/**
 * Writes docs/commands.md from what the commands say of themselves, docs/directives.md from the tables of the
 * embedded node, and the programs in examples/ into docs/testing.md; with --check only compares, so that a
 * test can tell when it was forgotten.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { main, root, say } from './support.mjs';

// Options of other groups are shown with each command that has them.
const SHARED_GROUPS = new Set(['CONNECTION', 'OUTPUT', 'GLOBAL']);

await main(async () => {
  await ensureInstalled();
  const { readManifest } = await import('./manifest.mjs');
  const { readDirectives } = await import('./directives.mjs');
  const { compatibilityPage, readCommands } = await import('./compatibility.mjs');
  keep('commands.md', reference(await readManifest()));
  keep('directives.md', directivePage(await readDirectives()));
  keep('compatibility.md', compatibilityPage(await readCommands()));
  keep('testing.md', withExamples(readFileSync(join(root, 'docs', 'testing.md'), 'utf8')));
});

/** `<!-- examples/... -->` is followed by that program. */
function withExamples(page) {
  const place = /^<!-- (examples\/\S+\.(\w+)) -->\n(?:\n```\w+\n[^]*?\n```\n)?/gm;
  return page.replaceAll('\r\n', '\n').replace(place, (_, path, ending) => {
    const program = readFileSync(join(root, path), 'utf8').replaceAll('\r\n', '\n');
    const language = ending === 'ts' ? 'ts' : 'js';
    return `<!-- ${path} -->\n\n\`\`\`${language}\n${program}\`\`\`\n`;
  });
}

function keep(name, text) {
  const page = join(root, 'docs', name);
  if (!process.argv.includes('--check')) {
    writeFileSync(page, text);
    return;
  }
  const written = existsSync(page) ? readFileSync(page, 'utf8').replaceAll('\r\n', '\n') : '';
  if (written === text) return;
  say(`docs/${name} is not what the sources say: run \`npm run docs\`.`);
  process.exitCode = 1;
}

function directivePage({ directives, particular, fileOnly }) {
  const row = (cells) => `| ${cells.map(cell).join(' | ')} |`;
  const names = ({ name, alias }) => (alias ? `\`${name}\`, \`${alias}\`` : `\`${name}\``);
  const preset = ({ default: value }) => (value === '' ? '' : `\`${value}\``);
  const sorted = [...directives].sort((a, b) => (a.name < b.name ? -1 : 1));
  return [
    '# Directives of redis.conf',
    '',
    'What `trib node` makes of every directive of redis-server 7.0. Made from its own tables by `npm run docs`.',
    '',
    '- *effective*: does what redis-server does with it;',
    '- *accepted*: taken, shown by CONFIG GET and rewritten, without effect;',
    '- *refused*: any value but the default is an error.',
    '',
    '| directive | default | status | note |',
    '| --- | --- | --- | --- |',
    ...sorted.map((each) => row([names(each), preset(each), each.status, each.note])),
    '',
    '## Of personas',
    '',
    'Directives that redis-server 7.0 does not know: `persona` itself, and those of the servers the node can',
    'play. To any other persona they are unknown.',
    '',
    '| directive | default | personas | note |',
    '| --- | --- | --- | --- |',
    ...particular.map((each) =>
      row([names(each), preset(each), (each.personas ?? ['all']).join(', '), each.note]),
    ),
    '',
    '## In files and on the command line only',
    '',
    '| directive | status | note |',
    '| --- | --- | --- |',
    ...fileOnly.map((each) => row([names(each), each.status, each.note])),
    '',
  ].join('\n');
}

function reference({ commands }) {
  const shown = Object.values(commands)
    .filter(({ hidden }) => hidden !== true)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const words = (id) => id.replaceAll(':', ' ');
  const anchor = (id) => `trib-${id.replaceAll(':', '-')}`;
  return [
    '# Commands',
    '',
    'Made from the commands themselves by `npm run docs`. `trib help COMMAND` shows the same.',
    '',
    '| command | |',
    '| --- | --- |',
    ...shown.map(({ id, summary }) => `| [${words(id)}](#${anchor(id)}) | ${cell(summary)} |`),
    '',
    ...shown.flatMap((command) => section(command, words(command.id))),
    '## Shared options',
    '',
    'Taken by every command that says so above.',
    '',
    ...flagTable(sharedFlags(shown)),
  ].join('\n');
}

/** Connection and output options are the same wherever they are taken; shown once. */
function sharedFlags(commands) {
  const flags = new Map();
  for (const command of commands) {
    for (const flag of Object.values(command.flags ?? {})) {
      if (isShared(flag) && !flags.has(flag.name)) flags.set(flag.name, flag);
    }
  }
  return [...flags.values()];
}

function isShared({ helpGroup, hidden }) {
  return hidden !== true && SHARED_GROUPS.has(helpGroup);
}

function flagTable(flags) {
  if (flags.length === 0) return [];
  return ['| option | |', '| --- | --- |', ...flags.sort(byGroup).map(flagRow), ''];
}

function section(command, words) {
  const fill = (text) =>
    text.replaceAll('<%= config.bin %>', 'trib').replaceAll('<%= command.id %>', words);
  const usage = [command.usage ?? []].flat().map((line) => `trib ${fill(line)}`);
  const args = Object.values(command.args ?? {}).filter(({ hidden }) => hidden !== true);
  const flags = Object.values(command.flags ?? {}).filter(({ hidden }) => hidden !== true);
  const examples = (command.examples ?? []).map((each) =>
    fill(typeof each === 'string' ? each : each.command),
  );
  return [
    `## trib ${words}`,
    '',
    fill(command.summary ?? ''),
    '',
    ...(command.description ? [fill(command.description), ''] : []),
    ...fence(usage.length > 0 ? usage : [`trib ${words}${args.map(operand).join('')} [OPTIONS]`]),
    ...(args.length > 0
      ? [...args.map((arg) => `- \`${arg.name.toUpperCase()}\`: ${arg.description ?? ''}`), '']
      : []),
    ...flagTable(flags.filter((flag) => !isShared(flag))),
    ...(flags.some(({ helpGroup }) => helpGroup === 'CONNECTION')
      ? ['Also the [shared options](#shared-options).', '']
      : []),
    ...(examples.length > 0 ? fence(examples) : []),
  ];
}

function fence(lines) {
  return ['```sh', ...lines, '```', ''];
}

function operand({ name, required }) {
  return required ? ` ${name.toUpperCase()}` : ` [${name.toUpperCase()}]`;
}

/** A command's own options first, those all share afterwards. */
function byGroup(a, b) {
  return (a.helpGroup ?? '').localeCompare(b.helpGroup ?? '') || (a.name < b.name ? -1 : 1);
}

function flagRow(flag) {
  const value = flag.type === 'option' ? ` ${flag.helpValue ?? '<value>'}` : '';
  const names = [
    ...(flag.char ? [`-${flag.char}`] : []),
    `--${flag.name}`,
    ...(flag.aliases ?? []).map((alias) => (alias.length === 1 ? `-${alias}` : `--${alias}`)),
  ];
  const preset =
    flag.default === undefined || flag.default === false ? '' : ` [default: ${flag.default}]`;
  const often = flag.multiple ? ' (repeatable)' : '';
  const text = flag.summary ?? flag.description ?? '';
  const variable = flag.env ? ` (also: the variable ${flag.env})` : '';
  return `| ${names.map((name) => `\`${name}${value}\``).join(', ')} | ${cell(`${text}${variable}${preset}${often}`)} |`;
}

function cell(text) {
  return (text ?? '').replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');
}
