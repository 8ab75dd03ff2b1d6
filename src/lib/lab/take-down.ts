/**
 * The end of a lab in the background. Its holder stops the servers in good order; servers that outlived
 * their holder are ended one by one, but only those that say who they are, for process ids come back.
 */
import type { Links } from '../execute/links.js';
import { TribError } from '../kernel/errors.js';
import { endProcess, isHolder } from './background.js';
import type { LabState, LabStore } from './state.js';
import { statusOf } from './status.js';

/** Answers whether anything was still running. @throws TribError LAB when something would not end */
export async function takeDown(lab: LabState, store: LabStore, links: Links): Promise<boolean> {
  const before = await statusOf(lab, links);
  const wasRunning = before.state !== 'gone' || isHolder(lab.pid);
  const stubborn: number[] = [];
  const end = async (pid: number): Promise<void> => {
    if (!(await endProcess(pid))) stubborn.push(pid);
  };
  if (wasRunning && isHolder(lab.pid)) await end(lab.pid);
  const after = await statusOf(lab, links);
  const left = after.nodes.filter(({ state, pid }) => state === 'up' && pid !== lab.pid);
  await Promise.all(left.map(({ pid }) => end(pid)));
  if (stubborn.length > 0) {
    throw new TribError('LAB', `The lab "${lab.name}" would not end.`, {
      hint: `Still there: process ${stubborn.join(', ')}.`,
    });
  }
  store.remove(lab.name);
  return wasRunning;
}
