import { type DescribedValue, type Sym, type Value, ValueReader } from './raw-amqp-values.js';

/** Part 3.2: the sections that are not of the bare message, and come before it. */
const HEADER: readonly unknown[] = [0x70, 'amqp:header:list'];
const DELIVERY_ANNOTATIONS: readonly unknown[] = [0x71, 'amqp:delivery-annotations:map'];
const MESSAGE_ANNOTATIONS: readonly unknown[] = [0x72, 'amqp:message-annotations:map'];

export interface ReceivedMessage {
  /** The fields of the header by their places. */
  readonly header: readonly Value[];
  readonly deliveryAnnotations: Readonly<Record<string, Value>> | null;
  /** By the text of their names; empty when there is no such section. */
  readonly annotations: Readonly<Record<string, Value>>;
  /** Failed deliveries, as the header says. */
  readonly failures: Value;
  /** The rest as it came: bare message and footer. */
  readonly bare: Buffer;
}

/** Takes the message of a transfer, or of several put together, apart. */
export function receivedMessage(payload: Buffer): ReceivedMessage {
  const reader = new ValueReader(payload);
  let header: readonly Value[] = [];
  let deliveryAnnotations: Readonly<Record<string, Value>> | null = null;
  let annotations: Readonly<Record<string, Value>> = {};
  while (!reader.done) {
    const start = reader.at;
    const { descriptor, value } = reader.read() as DescribedValue;
    if (HEADER.includes(descriptor)) header = value as readonly Value[];
    else if (DELIVERY_ANNOTATIONS.includes(descriptor)) deliveryAnnotations = namesOf(value);
    else if (MESSAGE_ANNOTATIONS.includes(descriptor)) annotations = namesOf(value);
    else {
      reader.at = start;
      break;
    }
  }
  const bare = payload.subarray(reader.at);
  return { header, deliveryAnnotations, annotations, failures: header[4] ?? 0, bare };
}

function namesOf(value: Value): Record<string, Value> {
  const entries = value as ReadonlyMap<Value, Value>;
  return Object.fromEntries([...entries].map(([key, item]) => [(key as Sym).symbol, item]));
}
