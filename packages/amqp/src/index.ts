import type { Protocol } from '@causeway/core';
import { AmqpEngine } from './engine.js';
import { LinkRegistry } from './link-registry.js';
import { type AmqpOptions, DEFAULT_OPTIONS } from './options.js';
import { sniff } from './sniff.js';

export { amqpFormat } from './format.js';
export type { AmqpOptions } from './options.js';

/** AMQP 1.0. */
export function createAmqpProtocol(options: Partial<AmqpOptions> = {}): Protocol {
  const all = { ...DEFAULT_OPTIONS, ...options };
  const registry = new LinkRegistry();
  return {
    name: 'amqp',
    webSocketSubprotocols: ['amqp'],
    sniff,
    open: (sink, context) => new AmqpEngine(sink, context, registry, all),
  };
}
