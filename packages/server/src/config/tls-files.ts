import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { ConfigProblem } from './config-problem.js';
import type { Path } from './option-rows.js';

interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string | undefined;
}

/** Whether the files can be read and go together. */
export function checkTlsFiles(tls: TlsFiles, path: Path): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const read = (key: keyof TlsFiles): Buffer | undefined => {
    const file = tls[key];
    if (file === undefined) return undefined;
    try {
      return readFileSync(file);
    } catch (error) {
      problems.push({
        path: [...path, key],
        message: `cannot be read: ${(error as Error).message}`,
      });
      return undefined;
    }
  };
  const [cert, key, ca] = [read('cert'), read('key'), read('ca')];
  if (problems.length > 0) return problems;
  tryContext({ cert: cert! }, 'cert', 'holds no certificate in PEM form');
  tryContext({ key: key! }, 'key', 'holds no private key in PEM form, or one with a passphrase');
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----')) {
    problems.push({ path: [...path, 'ca'], message: 'holds no certificate in PEM form' });
  }
  if (problems.length === 0) {
    tryContext({ cert: cert!, key: key! }, 'key', 'does not belong to the certificate');
  }
  return problems;

  function tryContext(options: object, at: keyof TlsFiles, message: string): void {
    try {
      createSecureContext(options);
    } catch {
      problems.push({ path: [...path, at], message });
    }
  }
}
