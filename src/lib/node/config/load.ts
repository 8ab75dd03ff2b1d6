/**
 * From the text of files and the words of a command line into a `Configuration`. What is wrong is said
 * with where it stands: the file, the line's number, the line, and the reason.
 */
import { createHash } from 'node:crypto';
import { toBytes } from '../../kernel/bytes.js';
import type { Result } from '../../kernel/result.js';
import { type ConfLine, parseConf } from '../../wire/redis-conf.js';
import type { Configuration } from './configuration.js';
import { findDirective } from './directives.js';
import { findFileOnly } from './file-only.js';
import { nearestDirective } from './nearest.js';

export interface ConfigProblem {
  /** A path, `standard input`, or `the command line`. */
  readonly where: string;
  /** Counted from 1; 0 where the configuration as a whole is wrong. */
  readonly line: number;
  readonly text: string;
  readonly reason: string;
}

export interface ConfigSource {
  readonly where: string;
  /** Latin1. */
  readonly text: string;
}

/** The files a pattern of `include` stands for, in order, read; or why that fails. */
export type ReadIncludes = (pattern: string) => Result<readonly ConfigSource[]>;

/** A file that includes itself would never end. */
const INCLUDE_DEPTH_MAX = 16;

/** Loads the sources in order, later words winning. undefined, or the first thing wrong. */
export function loadConfig(
  configuration: Configuration,
  sources: readonly ConfigSource[],
  readIncludes: ReadIncludes,
): ConfigProblem | undefined {
  const loader = new Loader(configuration, readIncludes);
  for (const source of sources) {
    const problem = loader.load(source, 0);
    if (problem !== undefined) return problem;
  }
  return loader.finish();
}

class Loader {
  readonly #configuration: Configuration;
  readonly #readIncludes: ReadIncludes;
  /** Lines about directives that only some personas have; which one it is may stand further down. */
  readonly #particular = new Map<string, ConfigProblem>();
  /** `#hash` of `user default` lines, to be compared with requirepass once all is read. */
  #passwordHash: { readonly hash: string; readonly problem: ConfigProblem } | undefined;

  constructor(configuration: Configuration, readIncludes: ReadIncludes) {
    this.#configuration = configuration;
    this.#readIncludes = readIncludes;
  }

  load(source: ConfigSource, depth: number): ConfigProblem | undefined {
    const parsed = parseConf(source.text);
    const lines = parsed.ok ? parsed.value : [];
    for (const line of lines) {
      const problem = this.#line(source, line, depth);
      if (problem !== undefined) return problem;
    }
    if (parsed.ok) return undefined;
    const { number, text, reason } = parsed.error;
    return { where: source.where, line: number, text, reason };
  }

  finish(): ConfigProblem | undefined {
    const configuration = this.#configuration;
    for (const [name, problem] of this.#particular) {
      if (configuration.isForeign(name)) return problem;
    }
    if (configuration.boolean('cluster-enabled') && configuration.get('replicaof') !== '') {
      const reason = 'replicaof directive not allowed in cluster mode';
      return { where: 'the configuration', line: 0, text: '', reason };
    }
    const hash = createHash('sha256').update(toBytes(configuration.get('requirepass') ?? ''));
    const isKnown = this.#passwordHash?.hash === hash.digest('hex');
    return isKnown ? undefined : this.#passwordHash?.problem;
  }

  #line(source: ConfigSource, line: ConfLine, depth: number): ConfigProblem | undefined {
    const problem = (reason: string): ConfigProblem => {
      return { where: source.where, line: line.number, text: line.text, reason };
    };
    if (line.name === 'include') return this.#include(line, depth, problem);
    if (line.name === 'user') return this.#user(line.words, problem);
    const fileOnly = findFileOnly(line.name);
    if (fileOnly === undefined) {
      const wrong = this.#configuration.load(line.name, line.words);
      if (findDirective(line.name)?.personas !== undefined) {
        this.#particular.set(line.name, problem(UNKNOWN));
      }
      return wrong === undefined ? undefined : problem(withSuggestion(line.name, wrong));
    }
    const isRefused = fileOnly.status === 'refused';
    return isRefused ? problem(`not supported by the embedded node: ${fileOnly.note}`) : undefined;
  }

  #include(
    { words }: ConfLine,
    depth: number,
    problem: (reason: string) => ConfigProblem,
  ): ConfigProblem | undefined {
    if (words.length !== 1) return problem(UNKNOWN);
    if (depth >= INCLUDE_DEPTH_MAX) return problem('files include each other without end');
    const included = this.#readIncludes(words[0]!);
    if (!included.ok) return problem(included.error);
    for (const source of included.value) {
      const inner = this.load(source, depth + 1);
      if (inner !== undefined) return inner;
    }
    return undefined;
  }

  /** A real server's CONFIG REWRITE leaves a `user default ...` line in every file it touches. */
  #user(
    words: readonly string[],
    problem: (reason: string) => ConfigProblem,
  ): ConfigProblem | undefined {
    const [name, ...rules] = words;
    const note = findFileOnly('user')?.note ?? '';
    const refused = problem(`not supported by the embedded node: ${note}`);
    if (name !== 'default') return refused;
    for (const rule of rules) {
      if (rule.startsWith('#')) this.#passwordHash = { hash: rule.slice(1), problem: refused };
      else if (rule.startsWith('>')) this.#configuration.load('requirepass', [rule.slice(1)]);
      else if (!HARMLESS_RULES.has(rule.toLowerCase())) return refused;
    }
    return undefined;
  }
}

const UNKNOWN = 'Bad directive or wrong number of arguments';

/** What grants the default user everything. */
const HARMLESS_RULES: ReadonlySet<string> = new Set([
  'on',
  'nopass',
  '~*',
  'allkeys',
  '&*',
  'allchannels',
  '+@all',
  'allcommands',
  'sanitize-payload',
  'skip-sanitize-payload',
]);

/** A misspelt name is answered with what it probably was meant to be. */
function withSuggestion(name: string, reason: string): string {
  if (findDirective(name) !== undefined) return reason;
  const nearest = nearestDirective(name);
  return nearest === undefined ? reason : `${reason}. Did you mean '${nearest}'?`;
}
