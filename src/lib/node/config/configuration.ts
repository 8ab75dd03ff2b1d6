/**
 * The directives of one running node. Before start, files and the command line fill it word by word;
 * afterwards CONFIG SET changes all of a call's directives or none. A directive that takes effect outside
 * (a listening port, a folder) has an applier, which may refuse; listeners just hear of the change.
 */
import { assert } from '../../kernel/errors.js';
import { personaOf } from '../ports/persona.js';
import type { ConfigWing } from '../ports/wings.js';
import type { Directive } from './directive.js';
import { ALL_DIRECTIVES, findDirective } from './directives.js';
import { compileGlob } from '../../kernel/glob.js';
import { parseValue } from './values.js';

/**
 * Applies a new value to the world: undefined when done, otherwise why not, with the world as it was.
 * All values of a CONFIG SET are in place when it is called, and are taken back when it refuses.
 */
export type Applier = (value: string, before: string) => string | undefined;

/** To say yes and change nothing would be a lie about where the node listens and writes. */
const NEEDS_APPLIER: ReadonlySet<string> = new Set(['bind', 'port', 'tls-port', 'dir']);

type Pair = readonly [name: string, value: string];

/** `name` is the one of its names that was used: errors quote it. */
interface Change {
  readonly name: string;
  readonly value: string;
}

export class Configuration implements ConfigWing {
  readonly #values = new Map<Directive, string>();
  /** Directives that a file or the command line has named. */
  readonly #given = new Set<Directive>();
  readonly #appliers = new Map<Directive, Applier>();
  readonly #listeners = new Map<Directive, ((value: string) => void)[]>();
  #rewriter: () => string | undefined = () => 'The server is running without a config file';

  /** @param values by name, as a file would say them; throws on a wrong one (the caller wrote it). */
  constructor(values: Readonly<Record<string, string>> = {}) {
    for (const directive of ALL_DIRECTIVES) this.#values.set(directive, directive.default);
    for (const [name, value] of Object.entries(values)) {
      const wrong = this.load(name, [value]);
      assert(wrong === undefined, `${name} ${value}: ${wrong ?? ''}`);
    }
    for (const name of Object.keys(values)) {
      assert(!this.isForeign(name), `${name}: ${personaOf(this).name} has no such directive`);
    }
  }

  /** One directive of a file or the command line, before start. undefined, or what is wrong with it. */
  load(name: string, words: readonly string[]): string | undefined {
    const directive = findDirective(name);
    if (directive === undefined) return 'Bad directive or wrong number of arguments';
    const source = this.#given.has(directive) ? 'file-again' : 'file';
    const value = parseValue(directive, words, this.#value(directive), source);
    if (!value.ok) return value.error;
    const refusal = refusalOf(directive, value.value);
    if (refusal !== undefined) return refusal;
    this.#given.add(directive);
    this.#values.set(directive, value.value);
    return undefined;
  }

  /** What the shell made of a directive before start: an absolute folder, a closed address. */
  settle(name: string, value: string): void {
    const directive = this.#find(name);
    assert(directive !== undefined, `unknown directive ${name}`);
    this.#values.set(directive, value);
  }

  get(name: string): string | undefined {
    const directive = this.#find(name);
    return directive === undefined ? undefined : this.#value(directive);
  }

  number(name: string): number {
    const value = Number(this.#known(name));
    assert(!Number.isNaN(value), `${name} is not a number`);
    return value;
  }

  boolean(name: string): boolean {
    return this.#known(name) === 'yes';
  }

  /** Was it named in a file or on the command line? */
  isGiven(name: string): boolean {
    const directive = this.#find(name);
    return directive !== undefined && this.#given.has(directive);
  }

  set(name: string, value: string): string | undefined {
    return this.setAll([[name, value]]);
  }

  setAll(pairs: readonly Pair[], isLocalClient = true): string | undefined {
    const names = new Set<string>();
    for (const [spelling] of pairs) {
      const name = spelling.toLowerCase();
      const directive = this.#find(name);
      if (directive === undefined) {
        return `Unknown option or number of arguments for CONFIG SET - '${spelling}'`;
      }
      const isTwice = names.has(name);
      const reason = isTwice ? 'duplicate parameter' : this.#refuseChange(directive, isLocalClient);
      if (reason !== undefined) return failed(name, reason);
      names.add(name);
    }
    const changes = new Map<Directive, Change>();
    for (const [spelling, given] of pairs) {
      const name = spelling.toLowerCase();
      const directive = this.#find(name)!;
      const value = parseValue(directive, [given], this.#value(directive), 'config-set');
      const reason = value.ok ? refusalOf(directive, value.value) : value.error;
      if (reason !== undefined) return failed(name, reason);
      if (value.ok) changes.set(directive, { name, value: normalized(directive, value.value) });
    }
    return this.#apply(changes);
  }

  matching(patterns: readonly string[]): readonly Pair[] {
    const found = new Map<string, Pair>();
    for (const pattern of patterns) {
      for (const [name, directive] of this.#namesMatching(pattern)) {
        if (!found.has(name.toLowerCase())) {
          found.set(name.toLowerCase(), [name, this.#value(directive)]);
        }
      }
    }
    return [...found.values()];
  }

  /** Who carries a directive out; one per directive. Called once for all of a call's it is given to. */
  applyWith(name: string, applier: Applier): void {
    const directive = this.#find(name);
    assert(directive !== undefined, `unknown directive ${name}`);
    this.#appliers.set(directive, applier);
  }

  onChange(name: string, listener: (value: string) => void): void {
    const directive = this.#find(name);
    assert(directive !== undefined, `unknown directive ${name}`);
    const listeners = this.#listeners.get(directive) ?? [];
    this.#listeners.set(directive, [...listeners, listener]);
  }

  /** The shell writes the file; without one CONFIG REWRITE says so. */
  rewriteWith(rewriter: () => string | undefined): void {
    this.#rewriter = rewriter;
  }

  rewrite(): string | undefined {
    return this.#rewriter();
  }

  /** Every directive with its value, for writing a file. */
  entries(): readonly (readonly [Directive, string])[] {
    return [...this.#values].filter(([directive]) => this.#isOurs(directive));
  }

  /** A directive that another persona has, and ours has not. Known once all files are read. */
  isForeign(name: string): boolean {
    const directive = findDirective(name);
    return directive !== undefined && !this.#isOurs(directive);
  }

  /** What people must know at start: things asked for that are not done. */
  warnings(): readonly string[] {
    const said: string[] = [];
    if (this.number('maxmemory') > 0) said.push('maxmemory: nothing is evicted, and writes go on.');
    return said;
  }

  /** Values first, then what they mean outside: directives that belong together are carried out as one. */
  #apply(changes: ReadonlyMap<Directive, Change>): string | undefined {
    const before = new Map<Directive, string>();
    for (const [directive, { value }] of changes) {
      before.set(directive, this.#value(directive));
      this.#values.set(directive, value);
    }
    const carriedOut = new Map<Applier, Directive>();
    for (const [directive, { name, value }] of changes) {
      const old = before.get(directive)!;
      const applier = this.#appliers.get(directive);
      const isDone = applier !== undefined && carriedOut.has(applier);
      if (isDone || (value === old && !directive.isVolatile)) continue;
      const wrong = this.#carryOut(directive, value, old);
      if (wrong !== undefined) {
        for (const [undone, restored] of before) this.#values.set(undone, restored);
        for (const [undo, undone] of carriedOut) {
          undo(before.get(undone)!, changes.get(undone)!.value);
        }
        return failed(name, wrong);
      }
      if (applier !== undefined) carriedOut.set(applier, directive);
    }
    for (const [directive, old] of before) {
      const value = this.#value(directive);
      if (value === old) continue;
      for (const listener of this.#listeners.get(directive) ?? []) listener(value);
    }
    return undefined;
  }

  #carryOut(directive: Directive, value: string, before: string): string | undefined {
    const applier = this.#appliers.get(directive);
    if (applier !== undefined) return applier(value, before);
    if (!NEEDS_APPLIER.has(directive.name)) return undefined;
    return 'this node cannot change it while it runs; change the config file and start it again';
  }

  #refuseChange(directive: Directive, isLocalClient: boolean): string | undefined {
    if (directive.immutable) return "can't set immutable config";
    if (!directive.isProtected) return undefined;
    const allowed = this.#known('enable-protected-configs');
    const isAllowed = allowed === 'yes' || (allowed === 'local' && isLocalClient);
    return isAllowed ? undefined : "can't set protected config";
  }

  /** An exact name, hidden or not, is shown as it was asked for; a pattern finds what is not hidden. */
  #namesMatching(pattern: string): readonly (readonly [string, Directive])[] {
    if (!/[*?[]/.test(pattern)) {
      const exact = this.#find(pattern);
      return exact === undefined ? [] : [[pattern, exact]];
    }
    const matches = compileGlob(pattern.toLowerCase());
    return ALL_DIRECTIVES.filter((one) => !one.hidden && this.#isOurs(one)).flatMap((directive) =>
      [directive.name, directive.alias]
        .filter((name) => name !== undefined && matches(name))
        .map((name) => [name!, directive] as const),
    );
  }

  #find(name: string): Directive | undefined {
    const directive = findDirective(name);
    return directive !== undefined && this.#isOurs(directive) ? directive : undefined;
  }

  #isOurs({ personas }: Directive): boolean {
    return personas?.includes(personaOf(this).name) ?? true;
  }

  #value(directive: Directive): string {
    return this.#values.get(directive)!;
  }

  #known(name: string): string {
    const value = this.get(name);
    assert(value !== undefined, `unknown directive ${name}`);
    return value;
  }
}

function failed(name: string, reason: string): string {
  return `CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;
}

/** Why a value that redis-server would take cannot be honoured here. */
function refusalOf(directive: Directive, value: string): string | undefined {
  if (directive.status !== 'refused' || value === directive.default) return undefined;
  return `not supported by the embedded node: ${directive.note}`;
}

/** Bounds that redis-server applies silently. */
function normalized(directive: Directive, value: string): string {
  switch (directive.name) {
    case 'hz':
      return String(Math.min(500, Math.max(1, Number(value))));
    case 'repl-backlog-size':
      return String(Math.max(16_384, Number(value)));
    default:
      return value;
  }
}
