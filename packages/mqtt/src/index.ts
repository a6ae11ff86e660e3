import type { Protocol } from '@causeway/core';
import { MqttEngine } from './engine.js';
import { sniff } from './sniff.js';

export { mqttFormat } from './format.js';

/** MQTT 3.1, 3.1.1 and 5.0. */
export const mqttProtocol: Protocol = {
  name: 'mqtt',
  webSocketSubprotocols: ['mqtt', 'mqttv3.1'],
  sniff,
  open: (sink, context) => new MqttEngine(sink, context),
};
