import { request } from 'node:http';
import { DrillError } from '../drill-error.js';

const TIMEOUT_MS = 5000;

/**
 * Asks an HTTP server on a socket in the file system.
 * @returns the JSON of the answer, or null when it has none
 * @throws DrillError when it does not answer, or refuses
 */
export function askSocket(
  socketPath: string,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
  timeoutMs = TIMEOUT_MS,
): Promise<unknown> {
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const fail = (reason: string) =>
      reject(new DrillError(`${method} ${path} of ${socketPath}: ${reason}`));
    const asked = request({ socketPath, method, path, headers, timeout: timeoutMs }, (answer) => {
      let content = '';
      answer.on('data', (chunk) => {
        content += chunk;
      });
      answer.on('end', () => {
        if ((answer.statusCode ?? 500) >= 400) return fail(`${answer.statusCode} ${content}`);
        try {
          resolve(content === '' ? null : JSON.parse(content));
        } catch {
          fail(`is no JSON: ${content}`);
        }
      });
      answer.on('error', (error) => fail(error.message));
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.on('error', (error) => fail(error.message));
    asked.end(text);
  });
}
