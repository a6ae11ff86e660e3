import { describe, expect, test, vi } from 'vitest';
import { AddressBook } from './address.js';
import type { Content } from './content.js';
import type { Dialect } from './dialect.js';
import { Formats, type MessageFormat } from './format.js';
import { Message } from './message.js';
import { Policies } from './policy.js';
import { StrictGate } from './strict-gate.js';

const addresses = new AddressBook();
const dialect = { name: 'poor', envelope: [], destination: () => 'x', reason: () => 'no room' };

/** Its receivers get properties, but no subject. */
function formatOf(id: number, view: (message: Message) => Content): MessageFormat {
  const dialects = [{ ...dialect, receive: (content: Content) => content } as unknown as Dialect];
  const build = ({ properties, body }: Content) =>
    Buffer.from(JSON.stringify({ properties, body }));
  return { id, name: String(id), builtFlags: 0, dialects, view, build };
}

function createGate(content: Partial<Content>) {
  const formats = new Formats();
  const whole: Content = { properties: [], body: { kind: 'text', text: '' }, ...content };
  formats.register(formatOf(1, () => whole));
  const view = vi.fn(({ bytes }: Message): Content => JSON.parse(bytes.toString()));
  formats.register(formatOf(2, view));
  const policies = new Policies([{ destination: 'queue://strict.>', strict: true }]);
  return { gate: new StrictGate(policies, formats), view };
}

const message = (uri: string) =>
  new Message(addresses.parse(uri), 1, false, Buffer.from('chunk'), 0, 5, true);

describe('a strict destination', () => {
  test('takes what every format can carry, and keeps none of its other forms', () => {
    const { gate } = createGate({ properties: [['a', '1']] });
    const complete = message('queue://strict.a');
    gate.check(complete);
    expect([complete.content, complete.converted]).toEqual([undefined, undefined]);
  });

  test('refuses what one of them cannot, and names it', () => {
    const { gate } = createGate({ subject: 's' });
    expect(() => gate.check(message('queue://strict.a'))).toThrow(
      expect.objectContaining({
        code: 'conversion-lossy',
        message: 'poor would lose subject: no room',
      }),
    );
  });

  test('says the name of any property so that it fits into an answer', () => {
    const name = `\0\n${'x'.repeat(500)}`;
    const { gate } = createGate({ annotations: [[name, 'v']] });
    expect(() => gate.check(message('queue://strict.a'))).toThrow(
      /^poor would lose annotations\.\ufffd\ufffdx{60,80}… \(\d+ characters\): no room$/,
    );
  });
});

test('other destinations cost nothing', () => {
  const { gate, view } = createGate({ subject: 's' });
  gate.check(message('queue://other'));
  gate.check(message('topic://strict.a'));
  expect(view).not.toHaveBeenCalled();
});
