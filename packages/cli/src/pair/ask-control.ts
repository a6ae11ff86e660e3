import { request } from 'node:http';

/** The socket has nobody behind it: the process does not run. */
export class NobodyThere extends Error {}

const TIMEOUT_MS = 2000;

/**
 * Asks a process over its control socket.
 * @returns its answer, a JSON document
 * @throws NobodyThere when it does not run or does not answer; Error with what it says when it refuses
 */
export function askControl(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = text === undefined ? {} : { 'content-type': 'application/json' };
    const asked = request({ socketPath, method, path, headers, timeout: TIMEOUT_MS });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', (error) => reject(new NobodyThere(`${socketPath}: ${error.message}`)));
    asked.on('response', (response) => {
      let answer = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        answer += chunk;
      });
      response.on('end', () => {
        const document = parse(answer);
        if ((response.statusCode ?? 500) < 300) resolve(document);
        else reject(new Error(reasonOf(document) ?? `refused with ${response.statusCode}`));
      });
    });
    asked.end(text);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function reasonOf(document: unknown): string | undefined {
  const { error } = (document ?? {}) as { readonly error?: unknown };
  return typeof error === 'string' ? error : undefined;
}
