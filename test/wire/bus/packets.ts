/** What redis-server 7.0 said on its bus; see test/fixtures/bus/capture.ts. */
import { readFileSync } from 'node:fs';

const FIXTURE = new URL('../../fixtures/bus/packets.json', import.meta.url);

export function capturedPackets(): ReadonlyMap<string, Buffer> {
  const { packets } = JSON.parse(readFileSync(FIXTURE, 'utf8')) as {
    packets: Record<string, string>;
  };
  return new Map(Object.entries(packets).map(([name, hex]) => [name, Buffer.from(hex, 'hex')]));
}
