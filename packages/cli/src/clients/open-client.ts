import type { Endpoint } from '../endpoint.js';
import type { ClientSettings, MessageClient } from './message-client.js';

/** Connects and logs in. The library is loaded only when it is needed: it takes a while. */
export async function openClient(
  endpoint: Endpoint,
  settings: ClientSettings,
): Promise<MessageClient> {
  if (endpoint.protocol === 'mqtt') {
    const { openMqttClient } = await import('./mqtt-client.js');
    return openMqttClient(endpoint, settings);
  }
  if (endpoint.protocol === 'amqp') {
    const { openAmqpClient } = await import('./amqp-client.js');
    return openAmqpClient(endpoint, settings);
  }
  const { openStompClient } = await import('./stomp-client.js');
  return openStompClient(endpoint, settings);
}
