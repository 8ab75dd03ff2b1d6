/** The version whose behaviour the node has, and so the one it presents: clients choose by it what they send. */
export const REDIS_VERSION = '7.0.15';
