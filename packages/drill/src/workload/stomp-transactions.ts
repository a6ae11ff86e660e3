import type { Client } from 'stompit';
import { makeMessage, type OutgoingMessage } from './body.js';
import type { Address, ClientSettings, Producer } from './client-settings.js';
import { recordSend } from './outbox.js';
import { type ConnectionEvents, Reconnector } from './reconnector.js';
import { openStomp, sendWithReceipt } from './stomp-connection.js';

/** Messages of a transaction; every fifth transaction is aborted. */
const MESSAGES = 5;
const ABORT_EVERY = 5;

/**
 * Sends messages in transactions, one after the other. One that was not answered before its
 * connection ended is not tried again: it must be there whole, or not at all.
 */
export function openStompTransactions(settings: ClientSettings): Producer {
  const { ledger, name, lane } = settings;
  let client: Client | null = null;
  let waiting: OutgoingMessage[] = [];
  let open = 0;
  let count = 0;
  const attempt = (address: Address, events: ConnectionEvents) =>
    openStomp(settings, address, events, (loggedIn) => {
      client = loggedIn;
      events.ready();
    });
  const reconnector = new Reconnector(settings, attempt, () => {
    client = null;
    open = 0;
  });
  reconnector.start();

  const transact = (on: Client, messages: readonly OutgoingMessage[]) => {
    const transaction = `${name}-${++count}`;
    const aborts = count % ABORT_EVERY === 0;
    const record = (step: 'begin' | 'commit' | 'committed' | 'abort' | 'aborted') =>
      ledger.record({ kind: 'transaction', client: name, transaction, step });
    open++;
    record('begin');
    on.sendFrame('BEGIN', { transaction }).end();
    for (const message of messages) {
      recordSend(settings, message, 1, transaction);
      const headers = {
        ...{ destination: settings.destination, persistent: 'true', transaction },
        'content-length': String(message.body.length),
      };
      on.sendFrame('SEND', headers).end(message.body);
    }
    record(aborts ? 'abort' : 'commit');
    sendWithReceipt(on, aborts ? 'ABORT' : 'COMMIT', { transaction }, null, () => {
      open = Math.max(0, open - 1);
      record(aborts ? 'aborted' : 'committed');
      if (aborts) return;
      for (const { id } of messages) ledger.record({ kind: 'confirm', client: name, id });
    });
  };
  return {
    send(sequence) {
      waiting.push(makeMessage(name, sequence, lane.size));
      if (waiting.length < MESSAGES) return;
      const messages = waiting;
      waiting = [];
      if (client !== null) transact(client, messages);
    },
    get unconfirmed() {
      return open;
    },
    async close() {
      client = null;
      reconnector.stop();
    },
  };
}
