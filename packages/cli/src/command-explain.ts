import { readFileSync } from 'node:fs';
import type { SentMessage } from '@causeway/server';
import { usageError } from './exit-code.js';
import { formatExplanation } from './print-explanation.js';

export interface ExplainOptions {
  readonly from: string;
  readonly destination: string;
  readonly file?: string;
  readonly header: readonly (readonly [string, string])[];
  readonly bodyType?: 'text' | 'binary' | 'value';
  readonly contentType?: string;
  readonly persistent: boolean;
  readonly ttl?: number;
  readonly priority?: number;
  readonly replyTo?: string;
  readonly correlationId?: string;
  readonly json?: boolean;
}

const STANDARD_INPUT = 0;
const URI = /^(queue|topic):\/\/./;

/** `causeway explain`: what the receivers of each protocol would get of a message. */
export async function runExplain(text: string | undefined, options: ExplainOptions): Promise<void> {
  const { explainSent } = await import('@causeway/server');
  const explanation = explainSent(options.from, describeMessage(text, options, Date.now()));
  console.log(
    options.json === true ? JSON.stringify(explanation, null, 2) : formatExplanation(explanation),
  );
}

/** @throws CommandError for options that contradict each other, and a file that cannot be read */
export function describeMessage(
  text: string | undefined,
  options: ExplainOptions,
  nowMs: number,
): SentMessage {
  const { destination, replyTo, bodyType, ttl, header, persistent } = options;
  for (const uri of [destination, replyTo ?? destination]) {
    if (!URI.test(uri)) throw usageError(`${uri} is neither queue://NAME nor topic://NAME`);
  }
  const body = readBody(text, options.file);
  const { contentType, correlationId, priority } = options;
  return {
    destination,
    durable: persistent,
    headers: header,
    body,
    ...(bodyType === 'value' ? { value: parseJson(body) } : { bodyType }),
    contentType,
    replyTo,
    correlationId,
    priority,
    timestamp: nowMs,
    expiresAt: ttl === undefined ? undefined : nowMs + ttl * 1000,
  };
}

function readBody(text: string | undefined, file: string | undefined): Buffer {
  if (text !== undefined && file !== undefined) {
    throw usageError('give the body as an argument or as a file, not both');
  }
  if (text !== undefined) return Buffer.from(text);
  try {
    return readFileSync(file === undefined || file === '-' ? STANDARD_INPUT : file);
  } catch (error) {
    throw usageError(`--file: ${(error as Error).message}`);
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw usageError(`the body is no JSON: ${(error as Error).message}`);
  }
}
