import { type Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { FrontNode } from './front-node.js';

/**
 * What a node says when it is asked whether it serves.
 * - `ready`: it does, in that epoch.
 * - `not-ready`: it answers that it does not.
 * - `down`: nothing listens there, or it hangs up.
 * - `silent`: no answer in time; it may be frozen or cut off, and believe that it serves.
 */
export type Readiness =
  | {
      readonly answer: 'ready';
      readonly role: string;
      readonly epoch: number;
      readonly name: string;
    }
  | { readonly answer: 'not-ready'; readonly role: string; readonly epoch: number }
  | { readonly answer: 'down' }
  | { readonly answer: 'silent' };

const BODY_BYTES_MAX = 16 * 1024;

/** Asks `/readyz`. Never rejects. */
export async function probeNode(
  { name, admin }: FrontNode,
  agent: Agent,
  timeoutMs: number,
): Promise<Readiness> {
  const first = await attempt(admin, agent, timeoutMs, name);
  // A connection that was kept may have been closed while the question was on its way.
  return first === 'again' ? settled(await attempt(admin, agent, timeoutMs, name)) : first;
}

function settled(outcome: Readiness | 'again'): Readiness {
  return outcome === 'again' ? { answer: 'down' } : outcome;
}

function attempt(
  admin: FrontNode['admin'],
  agent: Agent,
  timeoutMs: number,
  name: string,
): Promise<Readiness | 'again'> {
  return new Promise((resolve) => {
    const { host, port, secure } = admin;
    // Whoever could play the node's admin server could pass on its connections as well.
    const trust = secure ? { rejectUnauthorized: false } : {};
    const options = { host, port, path: '/readyz', agent, ...trust };
    const asked: ClientRequest = (secure ? secureRequest : request)(options);
    const timer = setTimeout(() => {
      resolve({ answer: 'silent' });
      asked.destroy();
    }, timeoutMs);
    const answer = (outcome: Readiness | 'again') => {
      clearTimeout(timer);
      resolve(outcome);
    };
    asked.on('error', () => answer(asked.reusedSocket ? 'again' : { answer: 'down' }));
    asked.on('response', (response) => {
      response.on('error', () => answer({ answer: 'down' }));
      readBody(response, (body) => answer(toReadiness(response.statusCode, body, name)));
    });
    asked.end();
  });
}

function readBody(response: IncomingMessage, done: (body: string) => void): void {
  let body = '';
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    body += text;
    if (body.length > BODY_BYTES_MAX) response.destroy(new Error('too large'));
  });
  response.on('end', () => done(body));
}

function toReadiness(status: number | undefined, body: string, name: string): Readiness {
  let said: Readonly<Record<string, unknown>> = {};
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) said = parsed as Record<string, unknown>;
  } catch {
    // Not a node: what it says of itself counts for nothing.
  }
  const role = typeof said.role === 'string' ? said.role : 'unknown';
  const epoch = typeof said.epoch === 'number' ? said.epoch : 0;
  if (status !== 200 || said.ready !== true) return { answer: 'not-ready', role, epoch };
  return { answer: 'ready', role, epoch, name: typeof said.name === 'string' ? said.name : name };
}
