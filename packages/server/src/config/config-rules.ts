import { DestinationPattern, hasStockPassword, isLoopback, verifyPassword } from '@causeway/auth';
import { type Binding, bindings, collide } from './bindings.js';
import type { ConfigProblem } from './config-problem.js';
import { checkFailover } from './failover-rules.js';
import { checkMultiAz } from './multi-az-rules.js';
import { nearestName } from './nearest-name.js';
import { formatPath } from './option-rows.js';
import type { Config } from './options.js';
import { checkTlsFiles } from './tls-files.js';
import { checkUsers } from './user-rules.js';

export interface RuleFindings {
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

/** What a schema cannot say: how the values of a configuration go together. */
export async function checkRules(config: Config, alone: boolean): Promise<RuleFindings> {
  const users = checkUsers(config);
  const problems = [
    ...users,
    ...checkListeners(config),
    ...checkPorts(config),
    ...checkFailover(config),
    ...(alone ? [] : checkMultiAz(config)),
    ...checkDestinations('authorization', config.authorization),
    ...checkDestinations('policies', config.policies),
    ...(users.length > 0 ? [] : await checkStockPassword(config)),
  ];
  return { problems, warnings: [...warnOfGroups(config), ...warnOfNobody(config)] };
}

function checkListeners({ listeners, admin }: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const [index, { tls }] of listeners.entries()) {
    const path = ['listeners', index];
    if (tls === undefined) continue;
    if (tls.clientAuth !== 'none' && tls.ca === undefined) {
      const message = 'is missing: client certificates need an authority to be checked against';
      problems.push({ path: [...path, 'tls', 'ca'], message });
    }
    problems.push(...checkTlsFiles(tls, [...path, 'tls']));
  }
  if (admin.tls !== undefined) problems.push(...checkTlsFiles(admin.tls, ['admin', 'tls']));
  return problems;
}

function checkPorts(config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const seen: Binding[] = [];
  for (const binding of bindings(config)) {
    const other = seen.find((earlier) => collide(earlier, binding));
    if (other !== undefined) {
      const message = `${binding.port} is bound by ${formatPath(other.path)} already`;
      problems.push({ path: [...binding.path, 'port'], message });
    }
    seen.push(binding);
  }
  return problems;
}

function checkDestinations(
  section: 'authorization' | 'policies',
  entries: readonly { readonly destination: string }[],
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const seen = new Set<string>();
  for (const [index, { destination }] of entries.entries()) {
    const path = [section, index, 'destination'];
    try {
      new DestinationPattern(destination);
    } catch (error) {
      problems.push({ path, message: (error as Error).message });
    }
    if (seen.has(destination)) problems.push({ path, message: `${destination} occurs twice` });
    seen.add(destination);
  }
  return problems;
}

/** Nobody but this machine may reach a broker whose password everybody knows. */
async function checkStockPassword(config: Config): Promise<ConfigProblem[]> {
  const index = config.users.findIndex((user) => user.name === 'admin');
  const admin = config.users[index];
  if (admin === undefined) return [];
  const exposed = bindings(config).filter(({ host }) => !isLoopback(host));
  if (exposed.length === 0) return [];
  const { passwordHash } = admin;
  const hashed = passwordHash !== undefined && (await verifyPassword('admin', passwordHash));
  if (!hashed && !hasStockPassword(admin)) return [];
  return exposed.map(({ path, host }) => ({
    path: [...path, 'host'],
    message: `${host} can be reached from elsewhere while the user admin has the password admin`,
    suggestion: `change users[${index}], or bind 127.0.0.1`,
  }));
}

function warnOfGroups({ users, authorization }: Config): ConfigProblem[] {
  const held = new Set(users.flatMap((user) => user.groups));
  const warnings: ConfigProblem[] = [];
  for (const [index, rule] of authorization.entries()) {
    for (const action of ['read', 'write', 'admin'] as const) {
      for (const [place, group] of rule[action].entries()) {
        if (group === '*' || group === 'anonymous' || held.has(group)) continue;
        const near = nearestName(group, held);
        warnings.push({
          path: ['authorization', index, action, place],
          message: `no user is in the group ${group}`,
          suggestion: near === undefined ? undefined : `did you mean ${near}?`,
        });
      }
    }
  }
  return warnings;
}

function warnOfNobody({ users, anonymous }: Config): ConfigProblem[] {
  if (anonymous || users.length > 0) return [];
  return [{ path: ['users'], message: 'nobody can log in: there is no user' }];
}
