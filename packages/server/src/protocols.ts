import { Formats, type Protocol } from '@causeway/core';
import { mqttFormat, mqttProtocol } from '@causeway/mqtt';
import { stompFormat, stompProtocol } from '@causeway/stomp';

/** What this broker speaks. */
export const PROTOCOLS: readonly Protocol[] = [mqttProtocol, stompProtocol];

/** The formats in which it keeps messages. */
export function createFormats(): Formats {
  const formats = new Formats();
  formats.register(mqttFormat);
  formats.register(stompFormat);
  return formats;
}
