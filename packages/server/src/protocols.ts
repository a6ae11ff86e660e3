import { amqpFormat, createAmqpProtocol } from '@causeway/amqp';
import { Formats, type Protocol } from '@causeway/core';
import { mqttFormat, mqttProtocol } from '@causeway/mqtt';
import { stompFormat, stompProtocol } from '@causeway/stomp';

/** What this broker speaks. Protocols may keep what belongs to one broker: each makes its own. */
export function createProtocols(): readonly Protocol[] {
  return [mqttProtocol, stompProtocol, createAmqpProtocol()];
}

/** The formats in which it keeps messages. */
export function createFormats(): Formats {
  const formats = new Formats();
  formats.register(mqttFormat);
  formats.register(stompFormat);
  formats.register(amqpFormat);
  return formats;
}
