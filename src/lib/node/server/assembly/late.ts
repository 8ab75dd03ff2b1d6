/** What runs commands stands on the wings, and the wings use it once the node runs: they look here then. */
import type { CommandStreams } from '../command-streams.js';
import type { RunningPersistence } from '../persistence/options.js';
import type { Engine } from './engine.js';

export interface Late {
  readonly engine: Engine;
  readonly streams: CommandStreams;
  readonly persistence: RunningPersistence;
}
