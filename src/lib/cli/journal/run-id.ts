/** Names of runs: they sort by time, two of one moment differ, and CLIENT SETNAME takes them. */
import { randomBytes } from 'node:crypto';

/** `20261125T180501123-9f86d081`, in UTC. */
export function newRunId(now = new Date()): string {
  return `${now.toISOString().replace(/[-:.Z]/g, '')}-${randomBytes(4).toString('hex')}`;
}

export function isRunId(text: string): boolean {
  return /^\d{8}T\d{9}-[0-9a-f]{8}$/.test(text);
}
