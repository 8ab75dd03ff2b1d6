/**
 * The configuration a `trib node` process starts with: the file, what it includes, the standard input and
 * the command line, in that order, later words winning.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, parse, resolve, sep } from 'node:path';
import { fromBytes, latin1ToUtf8, utf8ToLatin1 } from '../../../kernel/bytes.js';
import { TribError } from '../../../kernel/errors.js';
import { err, ok, type Result } from '../../../kernel/result.js';
import { parseCommandLine } from '../../config/command-line.js';
import { Configuration } from '../../config/configuration.js';
import { compileGlob } from '../../../kernel/glob.js';
import { type ConfigProblem, type ConfigSource, loadConfig } from '../../config/load.js';
import { systemText } from '../persistence/aof-writer.js';

export interface StartConfig {
  readonly config: Configuration;
  /** Absolute path of the config file, or empty. */
  readonly configFile: string;
  /** What `-` read, to be handed to a child that cannot read it again. */
  readonly stdinText: string | undefined;
}

const COMMAND_LINE = 'the command line';

/** @throws TribError BAD_CONFIG with the file, the line and the reason. */
export function readStartConfig(args: readonly string[]): StartConfig {
  const line = parseCommandLine(args.map(utf8ToLatin1));
  const configFile = line.file === undefined ? '' : resolve(latin1ToUtf8(line.file));
  const sources: ConfigSource[] = [];
  if (configFile !== '') sources.push(readSource(configFile));
  const stdinText = line.readsStdin ? fromBytes(readFileSync(0)) : undefined;
  if (stdinText !== undefined) sources.push({ where: 'the standard input', text: stdinText });
  sources.push({ where: COMMAND_LINE, text: line.lines });
  const config = new Configuration();
  const problem = loadConfig(config, sources, readIncludes);
  if (problem !== undefined) throw badConfig(problem);
  settleFolder(config);
  settleBind(config);
  return { config, configFile, stdinText };
}

function readSource(path: string): ConfigSource {
  try {
    return { where: path, text: fromBytes(readFileSync(path)) };
  } catch (error) {
    const why = systemText(error as NodeJS.ErrnoException);
    throw new TribError('BAD_CONFIG', `cannot open the config file ${path}: ${why}`, {
      cause: error,
    });
  }
}

/** The paths that match, folder by folder, sorted. */
function expand(pattern: string): readonly string[] {
  const { root } = parse(pattern);
  let paths = [root];
  for (const part of pattern.slice(root.length).split(sep)) {
    paths = paths.flatMap((folder) => {
      if (!/[*?[]/.test(part)) return [join(folder, part)];
      if (!isFolder(folder)) return [];
      const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
      return names
        .filter(compileGlob(part))
        .sort()
        .map((name) => join(folder, name));
    });
  }
  return paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

/** A pattern without a match is no error, a plain name is. */
function readIncludes(pattern: string): Result<readonly ConfigSource[]> {
  const path = resolve(latin1ToUtf8(pattern));
  const paths = /[*?[]/.test(path) ? expand(path) : [path];
  try {
    return ok(paths.map((one) => ({ where: one, text: fromBytes(readFileSync(one)) })));
  } catch (error) {
    const why = systemText(error as NodeJS.ErrnoException);
    return err(`cannot open the included file ${path}: ${why}`);
  }
}

function badConfig({ where, line, text, reason }: ConfigProblem): TribError {
  const isTyped = where === COMMAND_LINE;
  const place = line === 0 || isTyped ? `In ${where}` : `In ${where}, at line ${line}`;
  const shown = `${isTyped ? '--' : ''}${latin1ToUtf8(withoutSecret(text))}`;
  const quoted = text === '' ? [] : [`>>> '${shown}'`];
  return new TribError('BAD_CONFIG', [`${place}:`, ...quoted, reason].join('\n'), {
    details: { where, line, reason },
  });
}

/** The line is shown, a password in it is not. */
function withoutSecret(line: string): string {
  const secrets = /^("?(?:requirepass|masterauth|user|tls-(?:client-)?key-file-pass)"?)\s.*$/is;
  return line.replace(secrets, '$1 (value hidden)');
}

/** Everything relative is relative to `dir`, so it must be a folder, and absolute. */
function settleFolder(config: Configuration): void {
  const dir = resolve(latin1ToUtf8(config.get('dir') ?? '.'));
  if (!isFolder(dir)) {
    throw new TribError('BAD_CONFIG', `dir ${dir}: no such folder`, {
      hint: `mkdir -p ${dir}`,
    });
  }
  config.settle('dir', utf8ToLatin1(dir));
}

/**
 * Closed unless asked: without `bind` only this machine gets in. A file that opens the door otherwise (a
 * password, or no protected mode) means what it means to redis-server: every address.
 */
function settleBind(config: Configuration): void {
  const isOpened = !config.boolean('protected-mode') || config.get('requirepass') !== '';
  if (!config.isGiven('bind') && !isOpened) config.settle('bind', '127.0.0.1 -::1');
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
