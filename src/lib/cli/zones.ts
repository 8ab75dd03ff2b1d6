/** `--zone host=zone`, repeated. */
import { TribError } from '../kernel/errors.js';

/** @throws TribError USAGE */
export function parseZones(pairs: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    pairs.map((pair) => {
      const [host, zone, ...rest] = pair.split('=');
      if (host && zone && rest.length === 0) return [host, zone] as const;
      throw new TribError('USAGE', `Invalid --zone '${pair}': write host=zone.`, {
        hint: 'For example --zone 10.0.0.1=eu-west-1a.',
      });
    }),
  );
}
