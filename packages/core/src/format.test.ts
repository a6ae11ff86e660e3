import { describe, expect, test, vi } from 'vitest';
import { AddressBook } from './address.js';
import type { Content } from './content.js';
import { FORMAT_IDS, Formats, type MessageFormat } from './format.js';
import { Message } from './message.js';

function createFormats() {
  const format = (id: number): MessageFormat => ({
    id,
    name: `format ${id}`,
    builtFlags: 0,
    dialects: [],
    view: vi.fn(
      (message: Message): Content => ({
        subject: `from ${id}`,
        properties: [],
        body: { kind: 'binary', bytes: message.bytes.subarray(message.start, message.end) },
      }),
    ),
    build: vi.fn((content: Content) => Buffer.from(`${content.subject} to ${id}`)),
  });
  const [mqtt, stomp] = [format(FORMAT_IDS.mqtt), format(FORMAT_IDS.stomp)];
  const formats = new Formats();
  formats.register(mqtt);
  formats.register(stomp);
  return { formats, mqtt, stomp };
}

function createMessage(borrowed = false): Message {
  const topic = new AddressBook().topic('t');
  return new Message(topic, FORMAT_IDS.mqtt, true, Buffer.from('<body>'), 1, 5, borrowed);
}

describe('Formats', () => {
  test('convert a message once for each format', () => {
    const { formats, mqtt, stomp } = createFormats();
    const message = createMessage();
    const converted = formats.convert(message, FORMAT_IDS.stomp);
    expect(converted.toString()).toBe('from 1 to 2');
    expect(formats.convert(message, FORMAT_IDS.stomp)).toBe(converted);
    expect(formats.view(message).subject).toBe('from 1');
    expect(mqtt.view).toHaveBeenCalledTimes(1);
    expect(stomp.build).toHaveBeenCalledTimes(1);
    expect(stomp.view).not.toHaveBeenCalled();
  });

  test('refuse what they do not know', () => {
    const { formats } = createFormats();
    expect(() => formats.convert(createMessage(), FORMAT_IDS.amqp)).toThrow(
      expect.objectContaining({ code: 'storage-newer' }),
    );
  });

  test('have a number of their own each, which is stored', () => {
    expect(FORMAT_IDS).toEqual({ mqtt: 1, stomp: 2, amqp: 3 });
  });
});

describe('a message', () => {
  test('keeps a copy of borrowed bytes, once', () => {
    const message = createMessage(true);
    const chunk = message.bytes;
    message.keep();
    chunk.fill(0);
    const own = message.bytes;
    message.keep();
    expect(message.bytes).toBe(own);
    expect([own.toString(), message.start, message.end, message.size]).toEqual(['body', 0, 4, 4]);
    expect(message.borrowed).toBe(false);
  });

  test('that owns its bytes is not copied', () => {
    const message = createMessage();
    const { bytes } = message;
    message.keep();
    expect([message.bytes === bytes, message.start, message.end]).toEqual([true, 1, 5]);
  });
});
