/**
 * Events as they come, as text. Waiting is one line that grows by a dot; whatever else is said meanwhile
 * starts a line of its own, so the text remembers whether it is in the middle of one.
 */
import { formatAddress } from '../cluster/address.js';
import type { ExecutionEvent } from '../execute/events.js';
import { unreachable } from '../kernel/errors.js';
import type { Step } from '../plan/plan.js';
import { bigKeyText, movedText, paceText, progressBar, slotLine } from './move-text.js';
import { stepText } from './plan-text.js';
import { styleFor, type Capabilities, type Style } from './style.js';

export interface ProgressOptions {
  readonly verbose?: boolean;
  /** A line may be drawn again over itself. */
  readonly terminal?: boolean;
}

export class ProgressText {
  readonly #style: Style;
  readonly #isVerbose: boolean;
  readonly #isTerminal: boolean;
  #isMidLine = false;
  #barLength = 0;

  constructor(capabilities: Capabilities, options: ProgressOptions = {}) {
    this.#style = styleFor(capabilities);
    this.#isVerbose = options.verbose === true;
    this.#isTerminal = options.terminal === true;
  }

  /** What to write for this event, with its line ends; often nothing. */
  next(event: ExecutionEvent): string {
    switch (event.kind) {
      case 'stage-started':
        return this.#lines(this.#style.heading(event.title));
      case 'step-done':
        return this.#lines(...this.#doneLines(event.step, event.elapsedMs));
      case 'step-failed':
        return this.#lines(failedLine(event.step, event.message, this.#style));
      case 'moves-started':
        return '';
      case 'transfer-started':
        return this.#open(event.title);
      case 'transfer-progress':
        return this.#isVerbose ? this.#lines(progressLine(event)) : this.#dot();
      case 'transfer-done':
        return this.#close(this.#isVerbose ? ` (${event.elapsedMs} ms)` : '');
      case 'moves-progress':
        return this.#isTerminal ? this.#redraw(progressBar(event, this.#style.width)) : '';
      case 'slot-moved':
        return this.#isTerminal ? '' : this.#lines(slotLine(event));
      case 'moves-done':
        return this.#lines(movedText(event.slotsDone, event.keysDone, event.elapsedMs));
      case 'big-key':
        return this.#lines(this.#style.warning(bigKeyText(event)));
      case 'pace-changed':
        return this.#isVerbose ? this.#lines(paceText(event)) : '';
      case 'wait-started':
        return this.#open(event.what);
      case 'wait-continues':
        return this.#isVerbose ? this.#lines(...event.missing.map(indent)) : this.#dot();
      case 'wait-done':
        return this.#close(this.#isVerbose ? ` (${event.elapsedMs} ms)` : '');
      case 'remark':
        return this.#lines(
          event.severity === 'warning' ? this.#style.warning(event.message) : event.message,
        );
      case 'not-written':
        // One line per node says nothing that one for all does not: the command tells it at the end.
        return '';
      case 'interrupted':
        return this.#lines(this.#style.warning(event.message));
      case 'undo-started':
        return this.#lines(this.#style.heading(`Undoing on ${event.nodes.length} nodes`));
      case 'undo-done':
        return this.#lines(...undoneLines(event, this.#style));
      default:
        return unreachable(event);
    }
  }

  /** Ends an open line: to be written before anything else is. */
  end(): string {
    return this.#close('');
  }

  #lines(...lines: readonly string[]): string {
    if (lines.length === 0) return '';
    return `${this.#close('')}${lines.join('\n')}\n`;
  }

  #open(text: string): string {
    const before = this.#close('');
    this.#isMidLine = true;
    return before + text;
  }

  /** The bar, over the one before; blanks wipe out what was longer. */
  #redraw(text: string): string {
    const before = this.#barLength === 0 ? this.#close('') : '';
    const padding = ' '.repeat(Math.max(0, this.#barLength - text.length));
    this.#isMidLine = true;
    this.#barLength = text.length;
    return `${before}\r${text}${padding}`;
  }

  #dot(): string {
    if (!this.#isMidLine) return '';
    return '.';
  }

  #close(text: string): string {
    if (!this.#isMidLine) return '';
    this.#isMidLine = false;
    this.#barLength = 0;
    return `${text}\n`;
  }

  #doneLines(step: Step, elapsedMs: number): readonly string[] {
    if (step.kind === 'set-config' && step.name === 'cluster-node-timeout') {
      return [`*** New timeout set for ${formatAddress(step.node.address)}`];
    }
    return this.#isVerbose ? [indent(`${stepText(step)} (${elapsedMs} ms)`)] : [];
  }
}

function failedLine(step: Step, message: string, style: Style): string {
  if (step.kind === 'set-config' && step.name === 'cluster-node-timeout') {
    return `ERR setting node-timeout for ${formatAddress(step.node.address)}: ${message}`;
  }
  return style.error(`Could not ${stepText(step)}: ${message}`);
}

function undoneLines(
  { clean, left }: Extract<ExecutionEvent, { kind: 'undo-done' }>,
  style: Style,
): readonly string[] {
  if (left.length === 0) return [style.ok(`${clean.length} nodes are empty again.`)];
  return [
    style.warning(`${clean.length} nodes are empty again, ${left.length} could not be undone:`),
    ...left.map((address) => indent(formatAddress(address))),
  ];
}

function progressLine({
  done,
  total,
  elapsedMs,
}: Extract<ExecutionEvent, { kind: 'transfer-progress' }>): string {
  return indent(`${done}${total === undefined ? '' : ` of ${total}`} after ${elapsedMs} ms`);
}

const indent = (text: string): string => `    ${text}`;
