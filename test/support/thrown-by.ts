/** The TribError a call throws, or a promise rejects with; anything else fails the test. */
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

export async function rejectionOf(promise: Promise<unknown>): Promise<TribError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TribError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
