/** Conditions with a deadline. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Server } from './server.js';

const DEADLINE_MS = 120_000;
const POLL_MS = 10;

export async function untilHolds(what: string, holds: () => Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (Date.now() > giveUpAt) throw new Error(`waited in vain until ${what}`);
    await delay(POLL_MS);
  }
}

/** Until a section of INFO, or CLUSTER INFO, says so. */
export function untilInfo(server: Server, section: string, says: RegExp): Promise<void> {
  const ask = section === 'cluster' ? ['CLUSTER', 'INFO'] : ['INFO', section];
  return untilHolds(`${section} says ${says}`, async () => says.test(await server.call(...ask)));
}
