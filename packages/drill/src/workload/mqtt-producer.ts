import { makeMessage, type OutgoingMessage, readBody } from './body.js';
import type { ClientSettings, Producer } from './client-settings.js';
import { openMqtt } from './mqtt-connection.js';
import { recordSend } from './outbox.js';

/** Messages that wait for the broker; it has been away for long when there are more. */
const WAITING_MAX = 20_000;

interface InFlight {
  readonly message: OutgoingMessage;
  /** How many copies the broker may have. */
  attempts: number;
  /** Whether the library has sent it since it was handed over last. */
  sent: boolean;
}

/**
 * Sends with QoS 1 or 2. What is in flight when a connection ends is sent anew by the library: with
 * QoS 2 that is no further copy, with QoS 1 it may be one.
 */
export function openMqttProducer(settings: ClientSettings): Producer {
  const { ledger, name, lane, destination } = settings;
  const { qos } = lane;
  const retain = lane.pattern === 'retained';
  const client = openMqtt(settings);
  const inFlight = new Map<string, InFlight>();
  let offline: OutgoingMessage[] = [];
  const state = (step: 'store' | 'stored', { sequence }: OutgoingMessage) => {
    if (!retain) return;
    const what = { what: 'retained', name: destination } as const;
    ledger.record({ kind: 'state', client: name, ...what, step, value: sequence });
  };

  client.on('packetsend', (packet) => {
    if (packet.cmd !== 'publish') return;
    const flight = inFlight.get(readBody(packet.payload as Buffer).id);
    if (flight === undefined || (flight.sent && qos === 2)) return;
    flight.sent = true;
    state('store', flight.message);
    recordSend(settings, flight.message, ++flight.attempts);
  });
  client.on('connect', () => {
    const messages = offline;
    offline = [];
    for (const message of messages) publish(message);
  });

  const publish = (message: OutgoingMessage) => {
    if (!client.connected) {
      offline.push(message);
      return;
    }
    const flight = inFlight.get(message.id) ?? { message, attempts: 0, sent: false };
    flight.sent = false;
    inFlight.set(message.id, flight);
    client.publish(destination, message.body, { qos, retain }, (error) => {
      if (error === undefined || error === null) {
        inFlight.delete(message.id);
        ledger.record({ kind: 'confirm', client: name, id: message.id });
        state('stored', message);
      } else if (client.disconnecting || retain) {
        inFlight.delete(message.id);
      } else {
        // The library gives up what it sends anew while the connection breaks again.
        publish(message);
      }
    });
  };
  return {
    send(sequence) {
      if (inFlight.size + offline.length >= WAITING_MAX) return;
      publish(makeMessage(name, sequence, lane.size));
    },
    get unconfirmed() {
      return inFlight.size + offline.length;
    },
    async close() {
      await client.endAsync(true);
    },
  };
}
