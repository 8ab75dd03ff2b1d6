/** Keeps what the configuration says about the layout of values where the keyspace looks for it. */
import type { ConfigWing } from '../ports/wings.js';
import type { LayoutLimits } from '../store/layout.js';

const DIRECTIVES: Readonly<Record<keyof LayoutLimits, string>> = {
  hashListpackEntries: 'hash-max-listpack-entries',
  hashListpackValueBytes: 'hash-max-listpack-value',
  setIntsetEntries: 'set-max-intset-entries',
  zsetListpackEntries: 'zset-max-listpack-entries',
  zsetListpackValueBytes: 'zset-max-listpack-value',
};

/** Now, and whenever a directive changes; what is laid out already stays as it is. */
export function followLayout(config: ConfigWing, layout: LayoutLimits): void {
  for (const [field, directive] of Object.entries(DIRECTIVES)) {
    const read = (): void => {
      layout[field as keyof LayoutLimits] = config.number(directive);
    };
    read();
    config.onChange(directive, read);
  }
}
