import { DESCRIPTOR } from '../codec/types.js';
import { AmqpSymbol, type AmqpValue } from '../codec/value.js';
import { ValueWriter } from '../codec/value-writer.js';

/** The sections of a message (part 3.2); what is not given is left out. */
export interface MessageSections {
  readonly header?: {
    readonly durable?: boolean;
    readonly priority?: number;
    readonly ttl?: number;
    readonly firstAcquirer?: boolean;
    readonly deliveryCount?: number;
  };
  readonly deliveryAnnotations?: Readonly<Record<string, AmqpValue>>;
  readonly messageAnnotations?: Readonly<Record<string, AmqpValue>>;
  /** The fields in their order, such as `PROPERTY` has them. */
  readonly properties?: readonly AmqpValue[];
  readonly applicationProperties?: Readonly<Record<string, AmqpValue>>;
  readonly data?: readonly (string | Uint8Array)[];
  readonly sequences?: readonly (readonly AmqpValue[])[];
  readonly value?: AmqpValue;
  readonly footer?: Readonly<Record<string, AmqpValue>>;
}

export function encodeMessage(sections: MessageSections): Buffer {
  const writer = new ValueWriter();
  const { header, properties } = sections;
  if (header !== undefined) {
    writer.described(DESCRIPTOR.header).beginList();
    writer
      .boolean(header.durable ?? null)
      .ubyte(header.priority ?? null)
      .uint(header.ttl ?? null);
    writer
      .boolean(header.firstAcquirer ?? null)
      .uint(header.deliveryCount ?? null)
      .endList();
  }
  writeMap(writer, DESCRIPTOR.deliveryAnnotations, sections.deliveryAnnotations);
  writeMap(writer, DESCRIPTOR.messageAnnotations, sections.messageAnnotations);
  if (properties !== undefined) writer.described(DESCRIPTOR.properties).value(properties);
  writeMap(writer, DESCRIPTOR.applicationProperties, sections.applicationProperties);
  for (const data of sections.data ?? []) {
    writer.described(DESCRIPTOR.data).binary(Buffer.from(data as string));
  }
  for (const items of sections.sequences ?? []) {
    writer.described(DESCRIPTOR.amqpSequence).value(items);
  }
  if (sections.value !== undefined) writer.described(DESCRIPTOR.amqpValue).value(sections.value);
  writeMap(writer, DESCRIPTOR.footer, sections.footer);
  return writer.take();
}

/** The keys of application properties are strings, those of annotations symbols. */
function writeMap(
  writer: ValueWriter,
  code: number,
  entries: Readonly<Record<string, AmqpValue>> | undefined,
): void {
  if (entries === undefined) return;
  const keyOf = (name: string) =>
    code === DESCRIPTOR.applicationProperties ? name : new AmqpSymbol(name);
  const map = new Map(Object.entries(entries).map(([name, value]) => [keyOf(name), value]));
  writer.described(code).value(map);
}
