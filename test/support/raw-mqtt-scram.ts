import type { Property } from './raw-mqtt-properties.js';
import { ScramClient } from './scram-client.js';

/** The client's side of SCRAM-SHA-256 in MQTT properties. */
export class MqttScramClient extends ScramClient {
  /** Method and data of the first message. */
  first(): Property[] {
    return authentication(this.firstMessage);
  }

  /** Method and data of the answer to the server's first message. */
  final(serverFirst: Buffer): Property[] {
    return authentication(this.finalMessage(serverFirst));
  }
}

function authentication(data: Buffer): Property[] {
  return [
    ['authenticationMethod', 'SCRAM-SHA-256'],
    ['authenticationData', data],
  ];
}
