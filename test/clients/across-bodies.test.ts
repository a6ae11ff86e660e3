import rhea, { type Message } from 'rhea';
import { afterEach, describe, expect, test } from 'vitest';
import { AmqpPeer } from './amqp-client.js';
import { usePeers } from './peer-fixture.js';
import { CARRIERS, type Place, PROTOCOLS } from './protocol-peer.js';

const fixture = usePeers();
const senders: AmqpPeer[] = [];
let names = 0;

afterEach(() => {
  for (const sender of senders.splice(0)) sender.drop();
});

async function openAmqp(): Promise<AmqpPeer> {
  const peer = await AmqpPeer.open({ port: fixture.server.amqpPort });
  senders.push(peer);
  return peer;
}

const { types, message } = rhea;
const sections = message as unknown as {
  sequence_section(items: unknown): unknown;
  sequence_sections(lists: unknown[]): unknown;
  data_sections(parts: Buffer[]): unknown;
};
const BINARY = Buffer.of(0, 0xff, 0x80);

/** Bodies that only AMQP can type, and the text or bytes that everybody else gets. */
const BODIES: readonly (readonly [what: string, body: unknown, received: string | Buffer])[] = [
  ['a string', 'grüß ☃', 'grüß ☃'],
  ['an empty string', '', ''],
  ['binary', types.wrap_binary(BINARY), BINARY],
  ['data', message.data_section(BINARY), BINARY],
  [
    'several data sections',
    sections.data_sections([BINARY, BINARY]),
    Buffer.concat([BINARY, BINARY]),
  ],
  ['an integer', types.wrap_int(-7), '-7'],
  ['a large integer', types.wrap_ulong(Buffer.alloc(8, 0xff)), '18446744073709551615'],
  ['a double', types.wrap_double(1.5), '1.5'],
  ['a boolean', types.wrap_boolean(true), 'true'],
  ['null', null, ''],
  ['a symbol', types.wrap_symbol('word'), 'word'],
  ['a timestamp', types.wrap_timestamp(0), '1970-01-01T00:00:00.000Z'],
  ['a list', types.wrap_list([1, 'two', null, [true]]), '[1,"two",null,[true]]'],
  ['a map', types.wrap_map({ a: 1, b: { c: 'ä' } }), '{"a":1,"b":{"c":"ä"}}'],
  ['a map with bytes', types.wrap_map({ a: types.wrap_binary(BINARY) }), '{"a":"AP+A"}'],
  ['an array', types.wrap_array([1, 2], 0x71, undefined), '[1,2]'],
  ['a sequence', sections.sequence_section([1, 'two']), '[1,"two"]'],
  ['several sequences', sections.sequence_sections([[1], ['two']]), '[1,"two"]'],
];
const TO = CARRIERS.flatMap((carrier) =>
  PROTOCOLS.filter((to) => to !== 'AMQP 1.0').map((to) => ({ carrier, to })),
);

describe.each(TO)('typed bodies from AMQP to $to over $carrier', ({ to, carrier }) => {
  test.each(BODIES)('%s', async (_what, body, received) => {
    const place: Place = { kind: 'queue', levels: ['typed', String(++names)] };
    const receiver = await fixture.open(to, carrier);
    await receiver.subscribe(place);
    const sender = await (await openAmqp()).sender(`queue://typed.${names}`);
    await sender.send({ body, durable: true } as Message);
    const arrival = await receiver.arrivals.next();
    expect(arrival.body).toEqual(Buffer.from(received as string));
    const isText = typeof received === 'string';
    expect([isText, undefined]).toContain(arrival.isText);
    const isJson = /^[[{]/.test(String(received));
    if (to !== 'MQTT 3.1.1' && isJson) expect(arrival.fields.contentType).toBe('application/json');
  });
});

describe('typed bodies from AMQP to AMQP', () => {
  test.each(BODIES)('%s comes as it was sent', async (_what, body) => {
    const address = `queue://typed.${++names}`;
    const peer = await openAmqp();
    const sender = await peer.sender(address);
    const sent = rhea.message.encode({ body } as Message);
    await sender.send({ body, durable: true } as Message);
    const receiver = await peer.receiver(address);
    const got = await receiver.next();
    expect(got.body).toEqual((rhea.message.decode(sent) as unknown as Message).body);
  });
});

test('delivery annotations end with their hop; message annotations go on to AMQP receivers', async () => {
  const address = `queue://typed.${++names}`;
  const peer = await openAmqp();
  const sender = await peer.sender(address);
  const message = {
    body: 'x',
    durable: true,
    delivery_annotations: { 'x-opt-hop': 1 },
    message_annotations: { 'x-opt-kept': 2 },
  };
  await sender.send(message as Message);
  const got = (await (await peer.receiver(address)).next()) as Message;
  expect(got.delivery_annotations).toBeUndefined();
  expect(got.message_annotations).toEqual({ 'x-opt-kept': 2 });
});

describe('bodies to AMQP', () => {
  test.each([
    ['MQTT 5', 'text', 'ä'],
    ['STOMP 1.2', 'text', 'ä'],
    ['MQTT 5', 'bytes', BINARY],
    ['STOMP 1.2', 'bytes', BINARY],
    ['MQTT 3.1.1', 'bytes', Buffer.from('any payload')],
  ] as const)('from %s: %s', async (from, what, body) => {
    const place: Place = { kind: 'queue', levels: ['untyped', String(++names)] };
    await (await fixture.open(from, 'tcp')).send(place, { body });
    const receiver = await (await openAmqp()).receiver(`queue://untyped.${names}`);
    const arrived = (await receiver.next()) as Message;
    const annotations = arrived.message_annotations as Record<string, unknown>;
    // What Qpid JMS reads: 5 is a TextMessage, 3 a BytesMessage.
    expect(annotations['x-opt-jms-msg-type']).toBe(what === 'text' ? 5 : 3);
    if (what === 'text') expect(arrived.body).toBe(body);
    else expect((arrived.body as { content: Buffer }).content).toEqual(body);
  });
});
