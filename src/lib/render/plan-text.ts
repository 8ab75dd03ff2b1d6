/** A plan for people: what `--dry-run` shows, each step with its reason. */
import { formatAddress } from '../cluster/address.js';
import { unreachable } from '../kernel/errors.js';
import { shortId } from '../kernel/node-id.js';
import { countSlots, formatRanges, type SlotRange } from '../kernel/ranges.js';
import type { DataStep } from '../plan/data-step.js';
import type { NodeRef, Plan, Stage, Step } from '../plan/plan.js';
import { styleFor, wrap, type Capabilities, type Style } from './style.js';

export function planText(
  plan: Plan<Step | DataStep>,
  capabilities: Capabilities,
): readonly string[] {
  const style = styleFor(capabilities);
  const stepCount = plan.stages.reduce((sum, { steps }) => sum + steps.length, 0);
  if (stepCount === 0) {
    return [...remarksText(plan.remarks, capabilities), `Nothing to do for ${plan.command}.`];
  }
  return [
    `Plan for ${plan.command}: ${stepCount} step${stepCount === 1 ? '' : 's'}.`,
    ...plan.stages.flatMap((stage) => stageLines(stage, style)),
    ...remarksText(plan.remarks, capabilities),
  ];
}

/** `[WARNING]` and the words, one remark after the other. */
export function remarksText(
  remarks: readonly string[],
  capabilities: Capabilities,
): readonly string[] {
  const style = styleFor(capabilities);
  return remarks.flatMap((remark) => {
    const [first = '', ...rest] = wrap(remark, style.width - '[WARNING] '.length, { rest: '    ' });
    return [style.warning(first), ...rest];
  });
}

/** One step as a sentence without a full stop: `give slots 0-5460 to 127.0.0.1:7000`. */
export function stepText(step: Step | DataStep): string {
  const node = at(step.node);
  switch (step.kind) {
    case 'assign-slots':
      return `give slots ${formatRanges(step.slots)} (${countSlots(step.slots)}) to ${node}`;
    case 'set-config-epoch':
      return `set the config epoch of ${node} to ${step.epoch}`;
    case 'move-slots':
      return `move slots ${formatRanges(step.slots)} (${countSlots(step.slots)}) from ${at(step.source)} to ${node}`;
    case 'close-slots':
      return `close ${slotsText(step.slots)} at ${node}`;
    case 'give-up-move':
      return `close ${slotsText(step.slots)} at ${at(step.source)} and ${node}`;
    case 'claim-slots':
      return `make ${node} the owner of ${slotsText(step.slots)}`;
    case 'yield-slots':
      return `let ${node} give up ${slotsText(step.slots)} to ${at(step.owner)}`;
    case 'bring-keys':
      return `bring the keys of ${slotsText(step.slots)} from ${at(step.source)} to ${node}`;
    case 'bump-epoch':
      return `give ${node} a config epoch above all others`;
    case 'tell-owner':
      return `tell ${node} that ${slotsText(step.slots)} ${countSlots(step.slots) === 1 ? 'belongs' : 'belong'} to ${at(step.owner)}`;
    case 'delete-orphans':
      return `delete the keys of ${slotsText(step.slots)} at ${node}`;
    case 'meet':
      return `introduce ${node} to ${at(step.target)}`;
    case 'replicate':
      return `make ${node} a replica of ${at(step.primary)}`;
    case 'copy-functions':
      return `copy functions from ${at(step.from)} to ${node}`;
    case 'forget':
      return `let ${node} forget ${shortId(step.target)}`;
    case 'reset':
      return `reset ${node} (${step.mode})`;
    case 'flush':
      return `delete all keys of ${node}`;
    case 'shutdown':
      return `shut down ${node}`;
    case 'failover':
      return `promote ${node} (${step.mode})`;
    case 'set-config':
      return `set ${step.name} of ${node} to ${step.value}${step.rewrite ? ', also in its file' : ''}`;
    case 'import-keys':
      return `let ${node} take the keys of slots ${formatRanges(step.slots)} from ${step.source}`;
    case 'save-snapshot':
      return `save the data of ${node} to ${step.file}`;
    case 'load-functions':
      return `load the functions into ${node}`;
    case 'load-keys':
      return `restore ${step.keyCount} keys to ${node}`;
    default:
      return unreachable(step);
  }
}

/** `slot 7`, `slots 0-99 (100)`. */
function slotsText(slots: readonly SlotRange[]): string {
  const count = countSlots(slots);
  return count === 1 ? `slot ${formatRanges(slots)}` : `slots ${formatRanges(slots)} (${count})`;
}

/** The reason stands once where all steps of a stage share it. */
function stageLines({ title, steps }: Stage<Step | DataStep>, style: Style): readonly string[] {
  const shared = steps.length > 0 && steps.every(({ why }) => why === steps[0]!.why);
  const prose = (text: string, indent: string) =>
    wrap(text, style.width, { first: indent, rest: ' '.repeat(indent.length + 2) });
  return [
    style.heading(title),
    ...(shared ? prose(`because ${steps[0]!.why}`, '    ') : []),
    ...steps.flatMap((step) =>
      prose(shared ? stepText(step) : `${stepText(step)}: ${step.why}`, '    - '),
    ),
  ];
}

const at = ({ address }: NodeRef): string => formatAddress(address);
