/** One seed's worth of weather, shared by the short test and the long one. */
import { storm } from '../../src/lib/sim/faults.js';
import { World, type WorldOptions } from '../../src/lib/sim/world.js';

const CALM_MS = 60_000;

/** @throws when an invariant breaks, or the cluster does not heal; the message tells the seed */
export function weather(options: Partial<WorldOptions> & { readonly seed: number }): World {
  try {
    const world = new World({ primaries: 3, replicasPerPrimary: 2, ...options });
    world.form();
    storm(world, 20_000);
    const why = world.runUntilWhole(CALM_MS);
    if (why !== undefined) throw new Error(`not whole ${CALM_MS} ms after the storm: ${why}`);
    return world;
  } catch (error) {
    throw new Error(`TEST_SEED=${options.seed}: ${(error as Error).message}`, { cause: error });
  }
}
