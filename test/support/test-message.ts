import { type AddressBook, FORMAT_IDS, Message, type MessageFormat } from '@causeway/core';

export interface MessageOptions {
  /** Defaults to true. */
  readonly durable?: boolean;
  readonly retain?: boolean;
  readonly expiresAt?: number;
  readonly notBefore?: number;
  readonly publisherId?: number;
  readonly priority?: number;
}

/** Reads the properties of a message from its text: `color=red size=3` has two. */
export const textFormat: MessageFormat = {
  id: FORMAT_IDS.stomp,
  name: 'text',
  builtFlags: 0,
  dialects: [],
  view(message) {
    const text = textOf(message);
    const pairs = text.split(' ').filter((word) => word.includes('='));
    const properties = pairs.map((pair) => {
      const [name = '', value = ''] = pair.split('=');
      return [name, /^[0-9]+$/.test(value) ? Number(value) : value] as const;
    });
    return { properties, body: { kind: 'text', text } };
  },
  build: () => Buffer.alloc(0),
};

/** A message for `queue://name` or `topic://name`, whose bytes are a view of a larger chunk. */
export function createMessage(
  addresses: AddressBook,
  uri: string,
  text: string,
  options: MessageOptions = {},
): Message {
  const chunk = Buffer.from(`<${text}>`);
  const message = new Message(
    addresses.parse(uri),
    FORMAT_IDS.stomp,
    options.durable ?? true,
    chunk,
    1,
    chunk.length - 1,
    true,
  );
  message.retain = options.retain ?? false;
  message.emptyBody = text === '';
  message.expiresAt = options.expiresAt ?? 0;
  message.notBefore = options.notBefore ?? 0;
  message.publisherId = options.publisherId ?? 0;
  if (options.priority !== undefined) message.priority = options.priority;
  return message;
}

export function textOf(message: Message): string {
  return message.bytes.toString('utf8', message.start, message.end);
}
