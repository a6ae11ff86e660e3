import {
  type Address,
  BrokerError,
  checkName,
  FORMAT_IDS,
  Message,
  type Transaction,
} from '@causeway/core';
import type { StompClient } from './client.js';
import { parseDecimal } from './codec/digits.js';
import { equals, type Frame } from './codec/frame.js';
import { headerLine } from './codec/header-block.js';
import {
  type DestinationName,
  formatRemote,
  isTemporaryAddress,
  parseDestination,
  parseDestinations,
} from './naming.js';
import { readSendHeaders, type SendHeaders } from './send-headers.js';
import { storeFrame } from './store-frame.js';
import { CONTENT_LENGTH_FLAG, TIMESTAMP_FLAG } from './stored-form.js';

const PRIORITY_MAX = 9;
/** What the broker tells of itself is told by nobody else. */
const BROKERS_OWN = '$SYS.';

/** STOMP 1.2, SEND. A destination that lists several gets the message to all of them at once. */
export function handleSend(client: StompClient, frame: Frame): void {
  const headers = readSendHeaders(frame);
  if (headers.destination < 0) throw new BrokerError('malformed', 'SEND has no destination');
  const addresses = findAddresses(client, frame, headers.destination);
  const transaction =
    headers.transaction < 0 ? null : client.transactions.get(frame.valueText(headers.transaction));
  const persistent = readPersistent(frame, headers);
  const priority = readPriority(frame, headers);
  const expiresAt = readExpires(frame, headers);
  const delayMs = readDelay(frame, headers);
  const bytes = storeFrame(frame, headers, replyToLine(client, frame, headers));
  let flags: number = client.version;
  if (frame.hasContentLength) flags |= CONTENT_LENGTH_FLAG;
  if (headers.timestamp >= 0) flags |= TIMESTAMP_FLAG;
  for (let index = 0; index < addresses.length; index++) {
    const address = addresses[index]!;
    const durable = persistent ?? isDurableByDefault(client, address);
    const length = bytes.length;
    const message = new Message(address, FORMAT_IDS.stomp, durable, bytes, 0, length, false);
    if (priority >= 0) message.priority = priority;
    message.expiresAt = expiresAt;
    if (delayMs > 0) message.notBefore = client.broker.clock.wallMs() + delayMs;
    message.formatFlags = flags;
    message.publisherId = client.connection.id;
    if (!durable && address.kind === 'queue') client.warnNonPersistent(address);
    send(client, message, transaction);
  }
  client.confirmReceipt(frame, headers.receipt);
}

function send(client: StompClient, message: Message, transaction: Transaction | null): void {
  if (transaction === null) client.broker.publish(message);
  else transaction.addMessage(message);
}

function findAddresses(client: StompClient, frame: Frame, index: number): readonly Address[] {
  const known = client.targets.find(frame, index);
  if (known !== null) return known;
  const destinations = parseDestinations(frame.valueText(index));
  if (destinations.length > client.broker.limits.compositeDestinationsMax) {
    throw new BrokerError('quota-exceeded', 'the destination header lists too many destinations');
  }
  const addresses = destinations.map((destination) => resolve(client, destination));
  return client.targets.add(frame, index, addresses);
}

function resolve(client: StompClient, destination: DestinationName): Address {
  if (destination.temporary) return client.temporary.resolve(destination);
  checkName(destination.name, client.broker.limits);
  const address = client.broker.addresses.get(destination.kind, destination.name);
  if (address.kind === 'topic' && address.name.startsWith(BROKERS_OWN)) {
    throw new BrokerError('not-authorized', 'topics below $SYS are for the broker itself');
  }
  // Whoever was told of a temporary destination may send to it; one that is gone loses the message.
  if (!isTemporaryAddress(address)) client.connection.require('write', address);
  return address;
}

function isDurableByDefault(client: StompClient, address: Address): boolean {
  const mode = client.options.persistentByDefault;
  return mode === 'always' || (mode === 'queues' && address.kind === 'queue');
}

/** Undefined when the client leaves it to the broker. */
function readPersistent(frame: Frame, headers: SendHeaders): boolean | undefined {
  const index = headers.persistent;
  if (index < 0) return undefined;
  const start = frame.valueStart(index);
  const end = frame.valueEnd(index);
  if (equals(frame.buffer, start, end, 'true')) return true;
  if (equals(frame.buffer, start, end, 'false')) return false;
  // Python's clients write `True`.
  const text = frame.valueLatin1(index).toLowerCase();
  if (text === 'true' || text === 'false') return text === 'true';
  throw new BrokerError('malformed', 'persistent is either true or false');
}

/** -1 when the client leaves it to the broker. */
function readPriority(frame: Frame, headers: SendHeaders): number {
  const index = headers.priority;
  if (index < 0) return -1;
  const priority = parseDecimal(frame.buffer, frame.valueStart(index), frame.valueEnd(index));
  if (priority >= 0 && priority <= PRIORITY_MAX) return priority;
  throw new BrokerError('malformed', 'priority is a number from 0 to 9');
}

/** 0 for never, as in JMS. */
function readExpires(frame: Frame, headers: SendHeaders): number {
  const index = headers.expires;
  if (index < 0) return 0;
  const expires = parseDecimal(frame.buffer, frame.valueStart(index), frame.valueEnd(index));
  if (expires >= 0) return expires;
  throw new BrokerError('malformed', 'expires is a time in milliseconds since 1970');
}

/** Milliseconds for which nobody may get the message; ActiveMQ's header. */
function readDelay(frame: Frame, headers: SendHeaders): number {
  const index = headers.delay;
  if (index < 0) return 0;
  const delayMs = parseDecimal(frame.buffer, frame.valueStart(index), frame.valueEnd(index));
  if (delayMs >= 0) return delayMs;
  throw new BrokerError('malformed', 'AMQ_SCHEDULED_DELAY is a number of milliseconds');
}

/** The line to keep instead of a `reply-to` that only this client could understand; or null. */
function replyToLine(client: StompClient, frame: Frame, headers: SendHeaders): Buffer | null {
  if (headers.replyTo < 0) return null;
  const destination = parseDestination(frame.valueText(headers.replyTo));
  if (destination === null || !destination.temporary) return null;
  const text = formatRemote(client.temporary.resolve(destination));
  return Buffer.from(headerLine('reply-to', text, client.version), 'utf8');
}
