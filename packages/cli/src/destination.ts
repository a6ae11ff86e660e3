import type { ClientProtocol } from './endpoint.js';
import { usageError } from './exit-code.js';

const MQTT_SWAP: ReadonlyMap<string, string> = new Map([
  ['/', '.'],
  ['.', '/'],
  ['+', '*'],
  ['*', '+'],
  ['#', '>'],
  ['>', '#'],
]);

/**
 * A destination in the words of a protocol. `queue://orders.new` and `topic://a.b` are understood
 * with every protocol; anything else is taken as the protocol's own.
 * @throws CommandError when it cannot be one
 */
export function toProtocolName(destination: string, protocol: ClientProtocol): string {
  if (destination === '') throw usageError('a destination cannot be empty');
  // AMQP has no names of its own: queue://NAME and topic://NAME are sent as they are.
  if (protocol === 'amqp') return destination;
  const match = /^(queue|topic):\/\/(.+)$/.exec(destination);
  if (match !== null) {
    const [, kind, name] = match as unknown as [string, 'queue' | 'topic', string];
    return protocol === 'stomp' ? `/${kind}/${name}` : toTopic(kind, name);
  }
  if (protocol === 'stomp' && !destination.startsWith('/')) {
    throw usageError(
      `${destination} is not a destination: write queue://${destination} or /queue/${destination}`,
    );
  }
  return destination;
}

/**
 * Whether consumers compete for what is sent there, instead of getting all of it each. In AMQP a
 * plain name is a queue.
 */
export function isQueue(name: string, protocol: ClientProtocol): boolean {
  if (protocol === 'amqp') return !name.startsWith('topic://');
  return name.startsWith('/queue/') || name.startsWith('$queue/');
}

/** MQTT's separators and wildcards are the broker's with three pairs of characters swapped. */
function toTopic(kind: 'queue' | 'topic', name: string): string {
  if (kind === 'queue') return `$queue/${name}`;
  return name.replace(/[/.+*#>]/g, (character) => MQTT_SWAP.get(character)!);
}
