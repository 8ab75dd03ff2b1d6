/**
 * `import ... from 'trib'`: a cluster as data and what can be decided about it. No I/O and no dependency;
 * bring the answers of your nodes from wherever you have them.
 */
export * from './lib/cluster/model.js';
export * from './lib/plan/plan.js';
export * from './lib/kernel/slot.js';
export * from './lib/kernel/ranges.js';
