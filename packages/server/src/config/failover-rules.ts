import { bindings, collide } from './bindings.js';
import type { ConfigProblem } from './config-problem.js';
import type { Config } from './options.js';

/** Below, a pause of the operating system or of the garbage collector would end a lease. */
const LEASE_MS_MIN = 500;
const RETRY_MS_MIN = 10;

/** What must be right for a broker to be a node. */
export function checkFailover(config: Config): ConfigProblem[] {
  const { failover, node } = config;
  if (failover === undefined) return [];
  const problems: ConfigProblem[] = [];
  const wrong = (key: string, message: string, suggestion?: string) =>
    problems.push({ path: ['failover', ...key.split('.')], message, suggestion });
  if (node.name === '') {
    problems.push({ path: ['node', 'name'], message: 'cannot be empty: it tells the nodes apart' });
  }
  if (failover.cluster === '') wrong('cluster', 'cannot be empty');
  if (failover.lease < LEASE_MS_MIN) {
    wrong('lease', `${failover.lease} ms is too short: it must be ${LEASE_MS_MIN} ms at least`);
  }
  if (failover.appendTimeout < 1 || failover.appendTimeout >= failover.lease) {
    wrong('appendTimeout', `must be shorter than the lease, which is ${failover.lease} ms`);
  }
  if (failover.retry < RETRY_MS_MIN) wrong('retry', `must be ${RETRY_MS_MIN} ms at least`);
  const region = { path: ['failover', 'region'], ...failover.region };
  if (bindings(config).some((binding) => collide(binding, region))) {
    wrong('region.port', `${region.port} is bound by this broker itself`);
  }
  return [...problems, ...checkAdvertised(failover.advertise)];
}

function checkAdvertised(advertise: NonNullable<Config['failover']>['advertise']): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const seen = new Set<string>();
  for (const [index, { name, address }] of advertise.entries()) {
    const path = ['failover', 'advertise', index];
    if (seen.has(name)) problems.push({ path: [...path, 'name'], message: `${name} occurs twice` });
    seen.add(name);
    if (!/^(\[[\da-fA-F:.]+\]|[^\s:[\]]+):[1-9]\d{0,4}$/.test(address)) {
      const message = 'must be an address with its port, such as broker-1.example:1883';
      problems.push({ path: [...path, 'address'], message });
    }
  }
  return problems;
}
