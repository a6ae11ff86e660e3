import type { ClientName, Lane } from '../plan/plan.js';
import type { ProtocolName } from '../target/target.js';
import { openAmqpConsumer } from './amqp-consumer.js';
import { openAmqpProducer } from './amqp-producer.js';
import type { ClientSettings, Consumer, Producer } from './client-settings.js';
import { openMqttConsumer } from './mqtt-consumer.js';
import { openMqttProducer } from './mqtt-producer.js';
import { openStompConsumer } from './stomp-consumer.js';
import { openStompProducer } from './stomp-producer.js';
import { openStompTransactions } from './stomp-transactions.js';

/** What a client speaks. */
export function protocolOf(client: ClientName): ProtocolName {
  return client;
}

/** The destination of a lane, in the words of its protocol. */
export function destinationOf({ client, name }: Lane): string {
  switch (protocolOf(client)) {
    case 'mqtt':
      return `drill/${name}`;
    case 'amqp':
      return `queue://drill.${name}`;
    case 'stomp':
      return `/queue/drill.${name}`;
  }
}

export function openProducer(settings: ClientSettings): Producer {
  const { client, pattern } = settings.lane;
  switch (client) {
    case 'mqtt':
      return openMqttProducer(settings);
    case 'amqp':
      return openAmqpProducer(settings);
    case 'stomp':
      return pattern === 'transactions'
        ? openStompTransactions(settings)
        : openStompProducer(settings);
  }
}

export function openConsumer(settings: ClientSettings): Consumer {
  switch (settings.lane.client) {
    case 'mqtt':
      return openMqttConsumer(settings);
    case 'amqp':
      return openAmqpConsumer(settings);
    case 'stomp':
      return openStompConsumer(settings);
  }
}
