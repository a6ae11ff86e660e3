import type { MessageClient, OutgoingMessage } from './clients/message-client.js';
import { openClient } from './clients/open-client.js';
import { toProtocolName } from './destination.js';
import { type EndpointOptions, parseEndpoint } from './endpoint.js';
import { openSource } from './message-source.js';
import { openProgress, type Progress } from './progress.js';

export interface SendOptions extends EndpointOptions {
  readonly file: readonly string[];
  readonly count: number;
  readonly header: readonly (readonly [string, string])[];
  readonly contentType?: string;
  readonly persistent: boolean;
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly ttl?: number;
  readonly priority?: number;
  readonly replyTo?: string;
  readonly correlationId?: string;
  readonly protocolVersion?: number;
  readonly timeout: number;
  readonly json?: boolean;
}

/** Messages on their way at a time: enough to hide the way there and back. */
const UNCONFIRMED_MAX = 200;

/** `causeway send`: sends texts, files or lines, and waits for the broker to confirm each. */
export async function runSend(
  url: string,
  destination: string,
  texts: readonly string[],
  options: SendOptions,
): Promise<void> {
  const endpoint = parseEndpoint(url, options, process.env);
  const name = toProtocolName(destination, endpoint.protocol);
  const source = openSource({
    texts,
    files: options.file,
    repeat: options.count,
    input: process.stdin,
  });
  const replyTo = options.replyTo && toProtocolName(options.replyTo, endpoint.protocol);
  const template = messageTemplate(options, replyTo);
  const client = await openClient(endpoint, {
    protocolVersion: options.protocolVersion,
    connectTimeoutMs: options.timeout * 1000,
  });
  const progress = openProgress(source.total, 'messages');
  const startMs = performance.now();
  let sent: number;
  try {
    sent = await sendAll(client, name, source.bodies(), template, progress);
  } finally {
    progress.stop();
    await client.close();
  }
  const elapsedSeconds = (performance.now() - startMs) / 1000;
  if (options.json === true) {
    console.log(JSON.stringify({ sent, destination: name, seconds: elapsedSeconds }));
  }
}

/** Sends in order, with a bounded number of messages that nobody has confirmed yet. */
export async function sendAll(
  client: MessageClient,
  destination: string,
  bodies: AsyncIterable<Buffer>,
  template: Omit<OutgoingMessage, 'body'>,
  progress: Progress,
): Promise<number> {
  const unconfirmed = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | null = null;
  let confirmed = 0;
  for await (const body of bodies) {
    const sending: Promise<void> = client
      .send(destination, { ...template, body })
      .then(
        () => progress.advance(++confirmed),
        (error: unknown) => {
          failure ??= { error };
        },
      )
      .finally(() => unconfirmed.delete(sending));
    unconfirmed.add(sending);
    if (unconfirmed.size >= UNCONFIRMED_MAX) {
      await Promise.race([client.ended, Promise.race(unconfirmed)]);
    }
    if (failure !== null) break;
  }
  await Promise.race([client.ended, Promise.all(unconfirmed)]);
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
  return confirmed;
}

function messageTemplate(
  options: SendOptions,
  replyTo: string | undefined,
): Omit<OutgoingMessage, 'body'> {
  return {
    headers: options.header,
    contentType: options.contentType,
    qos: options.qos ?? (options.persistent ? 1 : 0),
    retain: options.retain,
    timeToLiveSeconds: options.ttl,
    priority: options.priority,
    replyTo,
    correlationId: options.correlationId,
  };
}
