import {
  binary,
  boolean,
  described,
  EMPTY_LIST,
  encodeValue,
  list,
  map,
  NULL,
  string,
  symbol,
  ubyte,
  uint,
  type Value,
} from './raw-amqp-values.js';

/** Part 3.2: descriptors of the sections. */
const SECTION = {
  header: 0x70,
  deliveryAnnotations: 0x71,
  messageAnnotations: 0x72,
  properties: 0x73,
  applicationProperties: 0x74,
  data: 0x75,
  sequence: 0x76,
  value: 0x77,
  footer: 0x78,
} as const;
const SYMBOLS: Readonly<Record<number, string>> = {
  [SECTION.header]: 'amqp:header:list',
  [SECTION.deliveryAnnotations]: 'amqp:delivery-annotations:map',
  [SECTION.messageAnnotations]: 'amqp:message-annotations:map',
  [SECTION.properties]: 'amqp:properties:list',
  [SECTION.applicationProperties]: 'amqp:application-properties:map',
  [SECTION.data]: 'amqp:data:binary',
  [SECTION.sequence]: 'amqp:amqp-sequence:list',
  [SECTION.value]: 'amqp:amqp-value:*',
  [SECTION.footer]: 'amqp:footer:map',
};

/** Part 3.2.4: the fields in their order. */
const PROPERTIES = [
  'messageId',
  'userId',
  'to',
  'subject',
  'replyTo',
  'correlationId',
  'contentType',
  'contentEncoding',
  'absoluteExpiryTime',
  'creationTime',
  'groupId',
  'groupSequence',
  'replyToGroupId',
] as const;

interface HeaderFields {
  readonly durable?: boolean;
  readonly priority?: number;
  /** Milliseconds. */
  readonly ttl?: number;
  readonly firstAcquirer?: boolean;
  readonly deliveryCount?: number;
}

/** The sections of a message; what is not given is left out. */
export interface RawMessage {
  readonly header?: HeaderFields;
  /** Keys are symbols, here and in the message annotations and the footer. */
  readonly deliveryAnnotations?: Readonly<Record<string, Value>>;
  readonly messageAnnotations?: Readonly<Record<string, Value>>;
  readonly properties?: { readonly [name in (typeof PROPERTIES)[number]]?: Value };
  readonly applicationProperties?: Readonly<Record<string, Value>>;
  readonly data?: readonly (string | Uint8Array)[];
  readonly sequences?: readonly (readonly Value[])[];
  readonly value?: Value;
  readonly footer?: Readonly<Record<string, Value>>;
  /** Descriptors as symbols instead of numbers. */
  readonly symbolic?: boolean;
}

/** All of a message, in the order of part 3.2. */
export function encodeMessage(message: RawMessage): Buffer {
  const { header, properties, symbolic = false } = message;
  const section = (code: number, value: Buffer) =>
    described(symbolic ? SYMBOLS[code]! : code, value);
  const fields = (code: number, record: Readonly<Record<string, Value>> | undefined) =>
    record === undefined ? [] : [section(code, mapOf(record, code))];
  return Buffer.concat([
    ...(header === undefined ? [] : [section(SECTION.header, headerList(header))]),
    ...fields(SECTION.deliveryAnnotations, message.deliveryAnnotations),
    ...fields(SECTION.messageAnnotations, message.messageAnnotations),
    ...(properties === undefined ? [] : [section(SECTION.properties, propertiesList(properties))]),
    ...fields(SECTION.applicationProperties, message.applicationProperties),
    ...(message.data ?? []).map((data) => section(SECTION.data, binary(data))),
    ...(message.sequences ?? []).map((items) => section(SECTION.sequence, encodeValue(items))),
    ...(message.value === undefined ? [] : [section(SECTION.value, encodeValue(message.value))]),
    ...fields(SECTION.footer, message.footer),
  ]);
}

/** A message whose body is one text. */
export function text(value: string, header?: HeaderFields): Buffer {
  return encodeMessage(header === undefined ? { value } : { header, value });
}

function headerList(header: HeaderFields): Buffer {
  const { durable, priority, ttl, firstAcquirer, deliveryCount } = header;
  return listOf(
    durable === undefined ? NULL : boolean(durable),
    priority === undefined ? NULL : ubyte(priority),
    ttl === undefined ? NULL : uint(ttl),
    firstAcquirer === undefined ? NULL : boolean(firstAcquirer),
    deliveryCount === undefined ? NULL : uint(deliveryCount),
  );
}

function propertiesList(properties: NonNullable<RawMessage['properties']>): Buffer {
  return listOf(...PROPERTIES.map((name) => encodeValue(properties[name] ?? null)));
}

function listOf(...items: Buffer[]): Buffer {
  while (items.at(-1)?.equals(NULL)) items.pop();
  return items.length === 0 ? EMPTY_LIST : list(...items);
}

/** The keys of application properties are strings, those of annotations symbols. */
function mapOf(record: Readonly<Record<string, Value>>, code: number): Buffer {
  const key = code === SECTION.applicationProperties ? string : symbol;
  return map(...Object.entries(record).flatMap(([name, value]) => [key(name), encodeValue(value)]));
}
