/** The arrows of the house: imports run downward only, and each package has one door. */
const lib = (layer) => `^src/lib/${layer}/`;

/** Each layer with the layers it may see besides itself. */
const MAY_SEE = {
  kernel: [],
  wire: ['kernel'],
  cluster: ['kernel', 'wire'],
  plan: ['kernel', 'cluster'],
  'node/ports': ['kernel', 'wire'],
  'node/config': ['kernel', 'wire', 'node/ports'],
  'node/machine': ['kernel', 'wire', 'node/ports'],
  'node/store': ['kernel', 'wire'],
  'node/commands': ['kernel', 'wire', 'node/store', 'node/config', 'node/ports'],
  'node/replication': ['kernel', 'wire', 'node/store', 'node/ports'],
  'node/persistence': ['kernel', 'wire', 'node/store', 'node/ports'],
  'node/server': ['kernel', 'wire', 'node'],
  execute: ['kernel', 'wire', 'cluster', 'plan'],
  client: ['kernel', 'wire', 'cluster', 'execute'],
  render: ['kernel', 'cluster', 'plan', 'execute'],
  lab: ['kernel', 'wire', 'cluster', 'plan', 'execute', 'client', 'node'],
  sim: ['kernel', 'wire', 'cluster', 'plan', 'execute', 'node'],
  cli: ['kernel', 'cluster', 'plan', 'execute', 'client', 'render', 'lab', 'node', 'wire'],
};

const arrows = Object.entries(MAY_SEE).map(([layer, below]) => ({
  name: `arrows-${layer.replace('/', '-')}`,
  comment: `${layer} may import only ${below.join(', ') || 'nothing'} below it.`,
  severity: 'error',
  from: { path: lib(layer) },
  to: { path: '^src/', pathNot: [lib(layer), ...below.map((name) => `^src/lib/${name}[/.]`)] },
}));

const door = (name, packagePattern, onlyFrom) => ({
  name: `door-${name}`,
  comment: `${name} is imported in one place, so that it can be replaced in one place.`,
  severity: 'error',
  from: { path: '^src/', pathNot: onlyFrom },
  to: { path: `node_modules/${packagePattern}` },
});

module.exports = {
  forbidden: [
    ...arrows,
    {
      name: 'wings-apart',
      comment: 'The admin wing and the node wing meet only in lab and sim.',
      severity: 'error',
      from: { path: '^src/lib/(plan|execute|client)/' },
      to: { path: '^src/lib/node/' },
    },
    {
      name: 'no-dead-files',
      comment: 'What neither a command nor an entry point reaches is dead, however well tested.',
      severity: 'error',
      from: { path: '^(src/(index|testing|commands/.*)[.]ts|bin/bundled[.]js)$' },
      to: { path: '^src/lib/', pathNot: lib('sim'), reachable: false },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    door('ioredis', 'ioredis', '^src/lib/client/'),
    door('inquirer', '@?inquirer', '^src/lib/cli/'),
    door('chalk', 'chalk', '^src/lib/render/'),
    door('cli-table3', 'cli-table3', '^src/lib/render/'),
    door('oclif', '@oclif/core', '^src/(commands|lib/cli)/'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    exclude: { path: '^dist/' },
  },
};
