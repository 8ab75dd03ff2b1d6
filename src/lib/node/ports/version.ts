/** The version whose behaviour the node has, and so the one it presents: clients choose by it what they send. */
export const REDIS_VERSION = '7.0.15';

/** What the package is called by; nodes of it run where no package.json is at hand. */
export const TRIB_VERSION = '0.1.0';
