/** What each step of a plan says to which server. */
import { formatAddress } from '../cluster/address.js';
import { TribError, unreachable } from '../kernel/errors.js';
import { slotsIn, type SlotRange } from '../kernel/ranges.js';
import type { NodeRef, Step } from '../plan/plan.js';
import type { ExecutionContext } from './context.js';
import type { Link } from './links.js';
import { bringKeys } from './move/bring-keys.js';
import { giveUpMoves } from './move/give-up.js';
import { deleteOrphans } from './repair/delete-orphans.js';
import { claimSlots, closeSlots, tellOwner, yieldSlots } from './repair/slot-steps.js';
import { replyWordsOf } from './reply-words.js';
import { pause, throwIfInterrupted } from './wait.js';

/** A replica may hear of its primary a little after we told both of each other. */
const UNKNOWN_NODE_RETRY_MS = 50;

/** Everything a stage holds but moves of slots, which share a window: see `moveSlots`. */
type SingleStep = Exclude<Step, { kind: 'move-slots' }>;

export async function runStep(step: SingleStep, context: ExecutionContext): Promise<void> {
  const link = context.links.to(step.node.address);
  switch (step.kind) {
    case 'assign-slots':
      return assignSlots(link, step.slots);
    case 'set-config-epoch':
      return setConfigEpoch(link, step.epoch);
    case 'close-slots':
      return closeSlots(link, step.slots);
    case 'give-up-move':
      await giveUpMoves([{ source: step.source, target: step.node, slots: step.slots }], context);
      return;
    case 'claim-slots':
      return claimSlots(link, step.slots);
    case 'yield-slots':
      return yieldSlots(link, step.owner, step.slots);
    case 'tell-owner':
      return tellOwner(link, step.owner, step.slots);
    case 'bring-keys':
      return bringKeys(step, context);
    case 'delete-orphans':
      return deleteOrphans(step, context);
    case 'bump-epoch':
      await link.call(['CLUSTER', 'BUMPEPOCH']);
      return;
    case 'meet':
      return meet(link, step.target, context);
    case 'replicate':
      return replicate(link, step.primary, context);
    case 'copy-functions':
      return copyFunctions(step.from, step.node, context);
    case 'forget':
      return forget(link, step.target);
    case 'reset':
      await link.call(['CLUSTER', 'RESET', step.mode.toUpperCase()]);
      return;
    case 'flush':
      await link.call(['FLUSHALL'], { deadlineMs: context.deadlineMs });
      return;
    case 'shutdown':
      return shutdown(link);
    case 'failover':
      await link.call(['CLUSTER', 'FAILOVER', ...FAILOVER_WORDS[step.mode]]);
      return;
    case 'set-config':
      await link.call(['CONFIG', 'SET', step.name, step.value]);
      return step.rewrite ? rewriteConfig(link, context) : undefined;
    default:
      return unreachable(step);
  }
}

const FAILOVER_WORDS = { graceful: [], force: ['FORCE'], takeover: ['TAKEOVER'] } as const;

/** Ranges since 7.0; before that every slot by name. */
async function assignSlots(link: Link, slots: readonly SlotRange[]): Promise<void> {
  const ranges = slots.flatMap(({ first, last }) => [first, last]);
  try {
    await link.call(['CLUSTER', 'ADDSLOTSRANGE', ...ranges]);
  } catch (error) {
    if (!/unknown (sub)?command|unknown subcommand|wrong number/i.test(replyWordsOf(error)))
      throw error;
    await link.call(['CLUSTER', 'ADDSLOTS', ...slotsIn(slots)]);
  }
}

async function setConfigEpoch(link: Link, epoch: number): Promise<void> {
  try {
    await link.call(['CLUSTER', 'SET-CONFIG-EPOCH', epoch]);
  } catch (error) {
    // It has one already, which serves the purpose: epochs must differ, not count from one.
    if (!/config epoch is already non-zero/i.test(replyWordsOf(error))) throw error;
  }
}

export async function meet(link: Link, target: NodeRef, context: ExecutionContext): Promise<void> {
  const { host, port, busPort } = target.announced ?? (await context.announce(target.address));
  // The bus port is told only where it is not the usual one: servers before 4.0 know no fourth word.
  const more = busPort === undefined || busPort === port + 10_000 ? [] : [busPort];
  await link.call(['CLUSTER', 'MEET', host, port, ...more]);
}

async function replicate(link: Link, primary: NodeRef, context: ExecutionContext): Promise<void> {
  const giveUpAt = performance.now() + context.deadlineMs;
  for (;;) {
    try {
      await link.call(['CLUSTER', 'REPLICATE', primary.id]);
      return;
    } catch (error) {
      if (!/unknown node/i.test(replyWordsOf(error)) || performance.now() > giveUpAt) throw error;
    }
    throwIfInterrupted(context.signal, `${formatAddress(link.address)} waits for its primary`);
    await pause(UNKNOWN_NODE_RETRY_MS, context.signal);
  }
}

async function copyFunctions(
  from: NodeRef,
  node: NodeRef,
  { links, report }: ExecutionContext,
): Promise<void> {
  let payload: unknown;
  try {
    payload = await links.to(from.address).callBytes(['FUNCTION', 'DUMP']);
  } catch (error) {
    if (!/unknown command/i.test(replyWordsOf(error))) throw error;
    report({
      kind: 'remark',
      severity: 'info',
      message: 'Servers before 7.0 have no functions: nothing to copy.',
    });
    return;
  }
  const present = await links.to(node.address).call(['FUNCTION', 'LIST']);
  if (Array.isArray(present) && present.length > 0) {
    const where = formatAddress(node.address);
    throw new TribError('NODE_NOT_EMPTY', `Node ${where} already contains functions.`, {
      hint: `Remove them with: trib call --here ${where} FUNCTION FLUSH`,
    });
  }
  if (Buffer.isBuffer(payload))
    await links.to(node.address).callBytes(['FUNCTION', 'RESTORE', payload]);
}

async function forget(link: Link, target: string): Promise<void> {
  try {
    await link.call(['CLUSTER', 'FORGET', target]);
  } catch (error) {
    // Newer servers pass FORGET on by gossip: being late is as good as being first.
    if (!/unknown node/i.test(replyWordsOf(error))) throw error;
  }
}

async function rewriteConfig(link: Link, { report }: ExecutionContext): Promise<void> {
  try {
    await link.call(['CONFIG', 'REWRITE']);
  } catch (error) {
    if (!/without a config file/i.test(replyWordsOf(error))) throw error;
    report({ kind: 'not-written', node: link.address });
  }
}

async function shutdown(link: Link): Promise<void> {
  try {
    await link.call(['SHUTDOWN']);
  } catch (error) {
    // No answer is the answer: the server is gone.
    if (!(error instanceof TribError) || error.code !== 'NODE_UNREACHABLE') throw error;
  }
}
