/** One server of a lab, whoever plays it: an embedded node in this process, or a program of its own. */
import type { NodeAddress } from '../cluster/model.js';

export interface LabServer {
  readonly address: NodeAddress;
  /** Of the process that serves it. */
  readonly pid: number;
  /** Settles once nothing of it listens any more. Never rejects. */
  stop(): Promise<void>;
}
