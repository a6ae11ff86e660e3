import { ANONYMOUS_NAME, parseScramKeys, parseScryptHash } from '@causeway/auth';
import type { ConfigProblem } from './config-problem.js';
import type { Config } from './options.js';

type UserConfig = Config['users'][number];

/** What is wrong with the users, each and together. */
export function checkUsers({ users }: Config): ConfigProblem[] {
  const names = new Set<string>();
  const certificates = new Set<string>();
  return users.flatMap((user, index) => {
    const path = ['users', index];
    const problems = checkUser(user, path);
    if (names.has(user.name)) {
      problems.push({ path: [...path, 'name'], message: `${user.name} occurs twice` });
    }
    names.add(user.name);
    const certificate = user.certificate ?? user.name;
    if (certificates.has(certificate) && user.certificate !== undefined) {
      const message = `another user has the certificate ${certificate} already`;
      problems.push({ path: [...path, 'certificate'], message });
    }
    certificates.add(certificate);
    return problems;
  });
}

function checkUser(user: UserConfig, path: readonly (string | number)[]): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const problem = (key: string, message: string, suggestion?: string) =>
    problems.push({ path: [...path, key], message, suggestion });
  if (user.name === '') problem('name', 'cannot be empty');
  if (user.name === ANONYMOUS_NAME) {
    problem('name', `${ANONYMOUS_NAME} is how clients without credentials are called`);
  }
  if (user.password === '') problem('password', 'cannot be empty');
  if (user.password !== undefined && user.passwordHash !== undefined) {
    problem('passwordHash', 'the user has a password as well', 'leave one of them out');
  }
  if (user.password !== undefined && user.scram !== undefined) {
    problem('scram', 'is derived from the password', 'leave it out, or use passwordHash');
  }
  if (user.passwordHash !== undefined)
    check(() => parseScryptHash(user.passwordHash!), 'passwordHash');
  if (user.scram !== undefined) check(() => parseScramKeys(user.scram!), 'scram');
  return problems;

  function check(parse: () => unknown, key: string): void {
    try {
      parse();
    } catch (error) {
      const suggestion = key === 'passwordHash' ? 'run causeway hash-password' : undefined;
      problem(key, (error as Error).message, suggestion);
    }
  }
}
