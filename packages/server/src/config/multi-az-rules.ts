import { isLoopback } from '@causeway/auth';
import { type Binding, bindings, collide } from './bindings.js';
import type { ConfigProblem } from './config-problem.js';
import { formatPath, type Path } from './option-rows.js';
import type { Config } from './options.js';

type MultiAz = NonNullable<Config['multiAz']>;

const PORT_MAX = 65_535;
const PROBE_MS_MIN = 10;
/** Names folders and edges. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const RESERVED: ReadonlySet<string> = new Set(['region', 'front', 'clients', 'supervisor']);

/** What must be right for several parts to run beside each other. */
export function checkMultiAz(config: Config): ConfigProblem[] {
  const { multiAz } = config;
  if (multiAz === undefined) return [];
  const problems = [...checkNames(multiAz), ...checkNodePorts(config, multiAz)];
  if (multiAz.cluster === '') {
    problems.push({ path: ['multiAz', 'cluster'], message: 'cannot be empty' });
  }
  if (multiAz.frontProbe < PROBE_MS_MIN) {
    const message = `must be ${PROBE_MS_MIN} ms at least`;
    problems.push({ path: ['multiAz', 'frontProbe'], message });
  }
  return problems;
}

function checkNames({ nodes }: MultiAz): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const seen = new Set<string>();
  if (nodes.length < 2) {
    problems.push({ path: ['multiAz', 'nodes'], message: 'must be two nodes at least' });
  }
  for (const [index, { name }] of nodes.entries()) {
    const path = ['multiAz', 'nodes', index, 'name'];
    if (!NAME.test(name)) {
      problems.push({ path, message: 'must be letters, digits, ".", "_" and "-"' });
    } else if (RESERVED.has(name)) {
      problems.push({ path, message: `${name} is what another part is called` });
    }
    if (seen.has(name)) problems.push({ path, message: `two nodes are called ${name}` });
    seen.add(name);
  }
  return problems;
}

/** An address, and the part that binds it. */
interface Claim {
  readonly binding: Binding;
  readonly by: string;
}

function checkNodePorts(config: Config, multiAz: MultiAz): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const region = { path: ['multiAz', 'region', 'port'], ...multiAz.region };
  const claims = frontBindings(config).map((binding) => ({ binding, by: 'the front' }));
  if (claims.some(({ binding }) => collide(binding, region))) {
    problems.push({ path: region.path, message: `${region.port} is bound by the front already` });
  }
  claims.push({ binding: region, by: 'the region' });
  for (const [index, node] of multiAz.nodes.entries()) {
    const path = ['multiAz', 'nodes', index, 'portOffset'];
    const twin = multiAz.nodes
      .slice(0, index)
      .find((other) => other.portOffset === node.portOffset && other.host === node.host);
    if (twin === undefined) problems.push(...checkOffset(config, node, path, claims));
    else {
      const message = `${twin.name} has the offset ${node.portOffset} too: give each its own`;
      problems.push({ path, message });
    }
  }
  return problems;
}

/** The front has no admin server. */
function frontBindings(config: Config): Binding[] {
  return bindings(config).filter(({ path }) => path[0] === 'listeners');
}

/** Adds what the node binds to the claims. */
function checkOffset(
  config: Config,
  { name, portOffset, host }: MultiAz['nodes'][number],
  path: Path,
  claims: Claim[],
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  // Where all addresses of this machine are bound, that of another machine is still free.
  const elsewhere = host !== undefined && !isLoopback(host);
  for (const own of bindings(config)) {
    if (own.port === 0) continue;
    const binding = { path, host: host ?? own.host, port: own.port + portOffset };
    const sum = `${formatPath(own.path)}.port plus the offset is ${binding.port}`;
    const other = claims.find(
      (claim) =>
        collide(claim.binding, binding) && (!elsewhere || claim.binding.host === binding.host),
    );
    if (binding.port > PORT_MAX) problems.push({ path, message: `${sum}, which is no port` });
    else if (other !== undefined) {
      problems.push({ path, message: `${sum}, which ${other.by} binds already` });
    }
    claims.push({ binding, by: name });
  }
  return problems;
}
