/**
 * The command tables of a node, prepared for dispatch: what each command may and must is turned from
 * lists of words into booleans once, so that the hot path tests fields and never searches.
 */
import type { StoreCall, StoreCommandSpec } from '../commands/store-call.js';
import type { CommandStat, Counted } from '../ports/stats.js';

export class Command implements Counted {
  readonly spec: StoreCommandSpec;
  /** `get`, `config|set`. */
  readonly fullName: string;
  readonly arity: number;
  readonly firstKey: number;
  readonly lastKey: number;
  readonly keyStep: number;
  readonly hasKeys: boolean;
  readonly isWrite: boolean;
  /** Refused while memory is short. */
  readonly deniesOom: boolean;
  /** Writes, and what may end in the stream all the same (PUBLISH, EVAL): held by write pauses. */
  readonly mayReplicate: boolean;
  readonly needsNoAuth: boolean;
  readonly refusedInMulti: boolean;
  readonly isAllowedWhileStale: boolean;
  readonly isAllowedWhileLoading: boolean;
  readonly isAllowedWhileAsyncLoading: boolean;
  readonly hasAskingFlag: boolean;
  readonly isExec: boolean;
  /** Takes the same few microseconds whatever is in the database, as long as it has few words. */
  readonly isQuick: boolean;
  stat: CommandStat | undefined;
  readonly run: (call: StoreCall) => void;
  readonly subcommands: ReadonlyMap<string, Command> | undefined;

  constructor(spec: StoreCommandSpec, parent?: string) {
    const has = (flag: StoreCommandSpec['flags'][number]): boolean => spec.flags.includes(flag);
    this.spec = spec;
    this.fullName = parent === undefined ? spec.name : `${parent}|${spec.name}`;
    this.arity = spec.arity;
    this.firstKey = spec.firstKey;
    this.lastKey = spec.lastKey;
    this.keyStep = spec.keyStep;
    this.hasKeys = spec.firstKey > 0 || spec.keyIndexes !== undefined;
    this.isWrite = has('write');
    this.deniesOom = has('denyoom');
    this.mayReplicate = this.isWrite || has('may_replicate');
    this.needsNoAuth = has('no_auth');
    this.refusedInMulti = has('no_multi');
    this.isAllowedWhileStale = has('stale');
    this.isAllowedWhileLoading = has('loading');
    this.isAllowedWhileAsyncLoading = !has('no_async_loading');
    this.hasAskingFlag = has('asking');
    this.isExec = this.fullName === 'exec';
    const isFast = has('fast') || this.fullName === 'set';
    this.isQuick = isFast && !has('admin') && !has('blocking') && !has('pubsub');
    this.stat = undefined;
    this.run = spec.run;
    this.subcommands =
      spec.subcommands === undefined
        ? undefined
        : new Map(spec.subcommands.map((sub) => [sub.name, new Command(sub, this.fullName)]));
  }

  /** Does the number of words fit? */
  accepts(wordCount: number): boolean {
    return this.arity >= 0 ? wordCount === this.arity : wordCount >= -this.arity;
  }

  /** The keys among the words. */
  keysOf(argv: readonly string[]): string[] {
    const { spec } = this;
    if (spec.keyIndexes !== undefined) return spec.keyIndexes(argv).map((index) => argv[index]!);
    const keys: string[] = [];
    if (this.firstKey === 0) return keys;
    const last = this.lastKey < 0 ? argv.length + this.lastKey : this.lastKey;
    for (let at = this.firstKey; at <= last && at < argv.length; at += this.keyStep) {
      keys.push(argv[at]!);
    }
    return keys;
  }
}

export class CommandTable {
  readonly #commands = new Map<string, Command>();
  readonly specs: readonly StoreCommandSpec[];

  constructor(specs: readonly StoreCommandSpec[]) {
    this.specs = specs;
    for (const spec of specs) {
      const command = new Command(spec);
      this.#commands.set(spec.name, command);
      // Clients type either all lower or all upper case; both forms are found without converting.
      this.#commands.set(spec.name.toUpperCase(), command);
    }
  }

  find(name: string): Command | undefined {
    return this.#commands.get(name) ?? this.#commands.get(name.toLowerCase());
  }
}
