import { REASON, type Reason } from './reason.js';

/** The client broke the protocol: the connection ends with this reason [MQTT 5 4.13]. */
export class MqttError extends Error {
  override readonly name = 'MqttError';
  readonly reason: Reason;

  constructor(reason: Reason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The packet cannot be parsed. */
export function malformed(message: string): MqttError {
  return new MqttError(REASON.malformed, message);
}

/** The packet can be parsed but must not be sent like this. */
export function protocolError(message: string): MqttError {
  return new MqttError(REASON.protocolError, message);
}
