/** The arrows of docs/architecture.md: an import that is not listed here does not build. */
const allowed = {
  wire: [],
  core: ['wire'],
  journal: ['core', 'wire'],
  auth: ['core', 'wire'],
  mqtt: ['core', 'wire'],
  stomp: ['core', 'wire'],
  transport: ['core', 'wire'],
  admin: ['core', 'wire'],
  server: ['wire', 'core', 'journal', 'auth', 'mqtt', 'stomp', 'transport', 'admin'],
  cli: ['server'],
};

const arrows = Object.entries(allowed).map(([name, targets]) => ({
  name: `arrows-of-${name}`,
  severity: 'error',
  from: { path: `^packages/${name}/src`, pathNot: '\\.test\\.ts$' },
  to: { path: '^packages/', pathNot: [name, ...targets].map((target) => `^packages/${target}/`) },
}));

module.exports = {
  forbidden: [
    ...arrows,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'pure-rooms',
      comment: 'wire, core and the protocols do no input or output of their own',
      severity: 'error',
      from: { path: '^packages/(wire|core|mqtt|stomp)/src', pathNot: '\\.test\\.ts$' },
      to: {
        dependencyTypes: ['core'],
        pathNot: '^(node:)?(buffer|zlib|crypto|assert)$',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.depcruise.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'], extensionAlias: { '.js': ['.ts', '.js'] } },
  },
};
