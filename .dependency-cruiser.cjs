/** The arrows of docs/architecture.md: an import that is not listed here does not pass. */
const allowed = {
  wire: [],
  core: ['wire'],
  journal: ['core', 'wire'],
  auth: ['core', 'wire'],
  mqtt: ['core', 'wire'],
  stomp: ['core', 'wire'],
  amqp: ['core', 'wire'],
  transport: ['core', 'wire'],
  admin: ['core', 'wire'],
  failover: ['journal', 'core', 'wire'],
  server: [
    'wire',
    'core',
    'journal',
    'auth',
    'mqtt',
    'stomp',
    'amqp',
    'transport',
    'admin',
    'failover',
  ],
  drill: [],
  cli: ['server', 'failover', 'drill'],
};

const arrows = Object.entries(allowed).map(([name, targets]) => ({
  name: `arrows-of-${name}`,
  severity: 'error',
  from: { path: `^packages/${name}/src` },
  to: { path: '^packages/', pathNot: [name, ...targets].map((target) => `^packages/${target}/`) },
}));

module.exports = {
  forbidden: [
    ...arrows,
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'pure-rooms',
      comment: 'wire, core and the protocols do no input or output of their own',
      severity: 'error',
      from: { path: '^packages/(wire|core|mqtt|stomp|amqp)/src', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(buffer|zlib|crypto|assert)$' },
    },
    {
      name: 'no-store-outside-journal',
      severity: 'error',
      from: { path: '^packages/', pathNot: '^packages/journal/' },
      to: { path: 'node_modules/(level|classic-level|abstract-level)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|/dist/' },
    includeOnly: { path: '^packages|node_modules|^(node:)?[a-z/]+$' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'default'],
    },
  },
};
