import type { MqttClient } from './client.js';
import { writePingresp } from './codec/encoder.js';
import { malformed } from './codec/mqtt-error.js';

/** MQTT 5 3.12. */
export function handlePingreq(client: MqttClient, start: number, end: number): void {
  if (start !== end) throw malformed('PINGREQ has a body');
  writePingresp(client.sink.out);
  client.sink.flush();
}
