/** The version whose formats and, unless a persona says otherwise, whose behaviour the node has. */
export const REDIS_VERSION = '7.0.15';

/** What the package is called by; nodes of it run where no package.json is at hand. */
export const TRIB_VERSION = '0.1.0';
