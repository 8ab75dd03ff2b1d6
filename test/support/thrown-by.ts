/** The TribError a call throws; anything else fails the test. */
import { TribError } from '../../src/lib/kernel/errors.js';

export function thrownBy(act: () => unknown): TribError {
  try {
    act();
  } catch (error) {
    if (error instanceof TribError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
