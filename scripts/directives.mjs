/** The embedded node's tables of directives, read from their sources. Needs an install. */

export async function readDirectives() {
  const { register } = await import('tsx/esm/api');
  const unregister = register();
  try {
    const tables = '../src/lib/node/config';
    const { DIRECTIVES, PERSONA_DIRECTIVES } = await import(`${tables}/directives.ts`);
    const { FILE_ONLY_DIRECTIVES } = await import(`${tables}/file-only.ts`);
    return {
      directives: DIRECTIVES,
      particular: PERSONA_DIRECTIVES,
      fileOnly: FILE_ONLY_DIRECTIVES,
    };
  } finally {
    await unregister();
  }
}
