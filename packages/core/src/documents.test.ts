import { describe, expect, test } from 'vitest';
import { AddressBook } from './address.js';
import {
  decodeDocument,
  encodeDocument,
  type SessionDocument,
  willFromDocument,
  willToDocument,
} from './documents.js';
import { FORMAT_IDS } from './format.js';
import { Message } from './message.js';

const addresses = new AddressBook();

describe('a document', () => {
  test('comes back as it was written', () => {
    const document: SessionDocument = {
      name: 'mqtt:grün "x"',
      queueId: null,
      expiryMs: null,
      disconnectedAt: 1_700_000_000_000,
      will: null,
    };
    expect(decodeDocument(encodeDocument(document))).toEqual(document);
  });

  test('gives no value to names of properties', () => {
    const bytes = encodeDocument({ name: '__proto__', data: { constructor: 1 } });
    const document = decodeDocument<{ name: string }>(bytes);
    expect(document.name).toBe('__proto__');
    expect(Object.getPrototypeOf(document)).toBe(Object.prototype);
  });
});

describe('a will', () => {
  test('comes back from its document as it was', () => {
    const bytes = Buffer.from([9, 9, 0, 255, 1, 9]);
    const message = new Message(addresses.topic('a.b'), FORMAT_IDS.stomp, true, bytes, 2, 5, true);
    message.formatFlags = 17;
    message.retain = true;
    message.priority = 7;
    const document = willToDocument({ message, delayMs: 500, expiryMs: 60_000 });
    const stored = encodeDocument(document);
    const will = willFromDocument(decodeDocument(stored), addresses);
    expect([will.delayMs, will.expiryMs]).toEqual([500, 60_000]);
    const back = will.message;
    expect(back.address).toBe(message.address);
    expect([...back.bytes.subarray(back.start, back.end)]).toEqual([0, 255, 1]);
    expect(back).toMatchObject({ format: 2, durable: true, formatFlags: 17, retain: true });
    expect(back).toMatchObject({ priority: 7, borrowed: false, emptyBody: false });
  });

  test('to a queue goes to the queue again', () => {
    const bytes = Buffer.alloc(0);
    const address = addresses.queue('topic://odd');
    const message = new Message(address, FORMAT_IDS.mqtt, false, bytes, 0, 0, false);
    const document = willToDocument({ message, delayMs: 0, expiryMs: 0 });
    expect(willFromDocument(document, addresses).message.address).toBe(address);
  });

  test.each([true, false])(
    'with an empty body %s still clears what its topic kept',
    (emptyBody) => {
      const bytes = Buffer.from([1]);
      const message = new Message(addresses.topic('a'), FORMAT_IDS.mqtt, true, bytes, 0, 1, false);
      message.retain = true;
      message.emptyBody = emptyBody;
      const document = willToDocument({ message, delayMs: 0, expiryMs: 0 });
      const stored = decodeDocument<typeof document>(encodeDocument(document));
      expect(willFromDocument(stored, addresses).message.emptyBody).toBe(emptyBody);
    },
  );
});
