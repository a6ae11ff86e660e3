import { describe, expect, test } from 'vitest';
import { AMQP, type RawAmqp, SASL } from '../support/raw-amqp.js';
import { encodeComposite, Raw } from '../support/raw-amqp-composites.js';
import { useAmqpServer } from '../support/raw-amqp-fixture.js';
import { amqp, header, rawFrame, rawPerformative } from '../support/raw-amqp-frames.js';
import { described, list, NULL, string, uint } from '../support/raw-amqp-values.js';
import { useBystander } from './amqp-bystander.js';

const HANDSHAKE_BYTES_MAX = 4096;
const fixture = useAmqpServer({
  users: [{ name: 'alice', password: 'secret', groups: [] }],
  anonymous: true,
  limits: { handshakeBytesMax: HANDSHAKE_BYTES_MAX },
});
useBystander(fixture);
const { open } = fixture;

const FRAMING = 'amqp:connection:framing-error';
const SASL_AUTH = 1;
/** What stands in the prototype of an object, or makes one. */
const PROTOTYPE_NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'];
/** 14 bytes that claim 2^32 - 1 nulls. */
const NULLS = Buffer.from('f000000005ffffffff40', 'hex');

/** A frame header alone. */
function head(size: number, type: number): Buffer {
  return Buffer.concat([uint(size).subarray(1), Buffer.of(2, type, 0, 0)]);
}

/** Up to the mechanisms that the server offers. */
async function inSasl(): Promise<RawAmqp> {
  const client = await open();
  client.send(header(SASL));
  await client.expectHeader(SASL);
  await client.expect('saslMechanisms');
  return client;
}

async function expectRefused(client: RawAmqp): Promise<void> {
  await client.expect('saslOutcome', { code: SASL_AUTH });
  await client.expectClosed();
}

/** The client has said something before its open, or an open that is none. */
async function expectOpenAndClose(client: RawAmqp, condition: string): Promise<void> {
  await client.expectHeader(AMQP);
  await client.expect('open');
  await client.expectClose(condition);
}

describe('SASL', () => {
  test.each([0xffffffff, 0x7fffffff, HANDSHAKE_BYTES_MAX + 1])(
    'a frame of %d bytes is refused by its header',
    async (size) => {
      const client = await inSasl();
      client.send(head(size, 1));
      await client.expectClosed();
    },
  );

  test.each([...PROTOTYPE_NAMES, '', 'plain', 'PLAIN\0'])(
    'there is no mechanism %j',
    async (mechanism) => {
      const client = await inSasl();
      client.send(amqp.saslInit({ mechanism, initialResponse: '\0alice\0secret' }));
      await expectRefused(client);
    },
  );

  test.each(PROTOTYPE_NAMES)('there is no user %s', async (user) => {
    for (const mechanism of ['PLAIN', 'SCRAM-SHA-256']) {
      const client = await inSasl();
      const plain = mechanism === 'PLAIN';
      const initialResponse = plain ? `\0${user}\0` : `n,,n=${user},r=nonce`;
      client.send(amqp.saslInit({ mechanism, initialResponse }));
      if (!plain) {
        await client.expect('saslChallenge');
        client.send(amqp.saslResponse({ response: 'c=biws,r=nonce,p=AAAA' }));
      }
      await expectRefused(client);
    }
  });

  test('one attempt is all that a connection gets, however many come', async () => {
    const client = await inSasl();
    const attempt = amqp.saslInit({ mechanism: 'PLAIN' });
    client.send(attempt);
    await client.expect('saslChallenge', { challenge: Buffer.alloc(0) });
    client.send(...Array<Buffer>(1000).fill(attempt));
    await expectRefused(client);
  });

  test('what follows a password that is being checked is bounded', async () => {
    const client = await inSasl();
    const initialResponse = '\0alice\0secret';
    const attempt = amqp.saslInit({ mechanism: 'PLAIN', initialResponse });
    for (let count = 0; count < 5000; count++) client.send(attempt);
    let frame = await client.nextOrClosed();
    while (frame !== null) {
      expect(['saslOutcome', 'header']).toContain(frame.kind);
      frame = await client.nextOrClosed();
    }
  });

  test('responses that nobody asked for are refused', async () => {
    const client = await inSasl();
    client.send(amqp.saslResponse({ response: '\0alice\0secret' }));
    await expectRefused(client);
  });

  test.each(['saslMechanisms', 'saslChallenge', 'saslOutcome'] as const)(
    'a %s of a client ends the connection',
    async (kind) => {
      const client = await inSasl();
      client.send(rawFrame(encodeComposite(kind), { type: 1 }));
      await client.expectClosed();
    },
  );

  test('a frame of AMQP ends the connection', async () => {
    const client = await inSasl();
    client.send(amqp.open());
    await client.expectClosed();
  });

  test.each([
    ['an array of 2^32 nulls', NULLS],
    ['a text of 4 GiB', Buffer.from('b3ffffffff', 'hex')],
    ['a list in a list, and so on', nested(1000)],
    ['a description of a description, and so on', Buffer.alloc(1000)],
  ])('%s is no mechanism', async (_, mechanism) => {
    const client = await inSasl();
    const init = encodeComposite('saslInit', { mechanism: new Raw(mechanism) });
    client.send(rawFrame(init, { type: 1 }));
    await client.expectClosed();
  });
});

describe('before the open', () => {
  test.each([0xffffffff, HANDSHAKE_BYTES_MAX + 1])(
    'a frame of %d bytes is refused by its header',
    async (size) => {
      const client = await open();
      client.send(header(AMQP), head(size, 0));
      await expectOpenAndClose(client, FRAMING);
    },
  );

  test.each([
    ['begin', amqp.begin()],
    ['attach', amqp.attach({ name: 'n', role: true })],
    ['flow', amqp.flow()],
    ['transfer', amqp.transfer({ deliveryId: 0, deliveryTag: 'a' })],
    ['disposition', amqp.disposition({ role: true, first: 0, last: 0xffffffff, settled: true })],
    ['detach', amqp.detach()],
    ['end', amqp.end()],
    ['close', amqp.close()],
  ])('%s is not allowed', async (_, frame) => {
    const client = await open();
    client.send(header(AMQP), frame, amqp.open());
    await expectOpenAndClose(client, 'amqp:not-allowed');
  });

  test.each([
    ['2^32 fields', Buffer.from('d000000004ffffffff', 'hex')],
    ['fields of 4 GiB', Buffer.from('d0ffffffff00000000', 'hex')],
    ['a name of 4 GiB', list(Buffer.from('b1ffffffff', 'hex'))],
    ['2^32 capabilities', openWith(NULLS)],
    ['capabilities in capabilities, and so on', openWith(nested(500))],
    ['2^32 properties', openWith(NULL, NULL, Buffer.from('d100000004ffffffff', 'hex'))],
    ['properties in properties, and so on', openWith(NULL, NULL, nested(500))],
  ])('an open of %s is undecodable', async (_, fields) => {
    const client = await open();
    client.send(header(AMQP), rawPerformative('open', fields));
    await expectOpenAndClose(client, 'amqp:decode-error');
  });

  test.each(PROTOTYPE_NAMES)('a container may be called %s', async (containerId) => {
    const client = await open();
    await client.login({ containerId, hostname: containerId, properties: { [containerId]: 1 } });
    await client.begin();
    await client.close();
  });

  test('a header that is sent again and again ends the connection', async () => {
    const client = await open();
    client.send(...Array<Buffer>(1000).fill(header(SASL)));
    await client.expectHeader(SASL);
    await client.expect('saslMechanisms');
    await client.expectClosed();
  });
});

/** Fields of an open, from the offered capabilities on. */
function openWith(...fields: readonly Buffer[]): Buffer {
  return list(string('c'), NULL, NULL, NULL, NULL, NULL, NULL, ...fields);
}

/** Lists in one another. */
function nested(depth: number): Buffer {
  let value = described('d', list());
  for (let level = 0; level < depth && value.length < 3500; level++) value = short(value);
  return value;
}

/** As a list of one item, in as few bytes as can be. */
function short(value: Buffer): Buffer {
  if (value.length < 255) return Buffer.concat([Buffer.of(0xc0, value.length + 1, 1), value]);
  return list(value);
}
