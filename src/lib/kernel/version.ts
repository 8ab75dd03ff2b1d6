/** Versions of servers, as INFO tells them: `7.0.15`, `255.255.255` for an unreleased one. */

/** True when `version` is at least `wanted`; an unknown version is taken for an old one. */
export function isAtLeast(version: string | undefined, wanted: string): boolean {
  if (version === undefined) return false;
  const have = version.split('.').map(Number);
  for (const [place, number] of wanted.split('.').map(Number).entries()) {
    const other = have[place] ?? 0;
    if (other !== number) return other > number;
  }
  return true;
}
