/** The built program, as users start it. */
import { fileURLToPath } from 'node:url';

export const TRIB = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
