import { describe, expect, test } from 'vitest';
import { AMQP, type RawAmqp, SASL } from '../../support/raw-amqp.js';
import { encodeComposite, Raw } from '../../support/raw-amqp-composites.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, header, rawFrame } from '../../support/raw-amqp-frames.js';
import { NULL, string, symbols } from '../../support/raw-amqp-values.js';
import { ScramClient } from '../../support/scram-client.js';

const secured = useAmqpServer({ users: [{ name: 'ada', password: 'secret' }] });
const both = useAmqpServer({
  users: [{ name: 'ada', password: 'secret' }],
  anonymous: true,
});

/** Section 5.3.3.6. */
const CODE = { ok: 0, auth: 1 } as const;
/** Section 2.8.19, min-max-frame-size. */
const FRAME_BYTES = 512;
const PLAIN = '\0ada\0secret';

/** Up to the mechanisms. */
async function inSasl({ open } = secured): Promise<RawAmqp> {
  const client = await open();
  client.send(header(SASL));
  await client.expectHeader(SASL);
  await client.expect('saslMechanisms');
  return client;
}

async function expectOutcome(client: RawAmqp, code: number): Promise<void> {
  await client.expect('saslOutcome', { type: 1, code });
  if (code !== CODE.ok) await client.expectClosed();
}

/** A frame of SASL, of any body. */
function saslFrame(body: Buffer, head: Parameters<typeof rawFrame>[1] = {}): Buffer {
  return rawFrame(body, { type: 1, ...head });
}

describe('5.3.1 frames', () => {
  const init = encodeComposite('saslInit', { mechanism: 'PLAIN', initialResponse: PLAIN });

  test('5.3.1 2.2 the headers come first', async () => {
    const client = await secured.open();
    client.send(header(SASL));
    await client.expectBytes(header(SASL));
    await client.expect('saslMechanisms', { type: 1, channel: 0 });
  });

  test('5.3.1 bytes 6 and 7 of the header are ignored, and the extended header', async () => {
    const client = await inSasl();
    client.send(saslFrame(init, { channel: 0xabcd, extended: Buffer.alloc(8, 0xff) }));
    await expectOutcome(client, CODE.ok);
  });

  /** A frame of so many bytes that would be welcome. */
  function sized(bytes: number): Buffer {
    const initOf = (length: number) =>
      amqp.saslInit({
        ...{ mechanism: 'PLAIN', initialResponse: PLAIN },
        hostname: 'h'.repeat(length),
      });
    const frame = initOf(256 + bytes - initOf(256).length);
    expect(frame).toHaveLength(bytes);
    return frame;
  }

  test('5.3.1 a frame may have 512 bytes', async () => {
    const client = await inSasl();
    client.send(sized(FRAME_BYTES));
    await expectOutcome(client, CODE.ok);
  });

  test.each([FRAME_BYTES + 1, 1000, 4000])('5.3.1 a frame of %d bytes ends it', async (size) => {
    const client = await inSasl();
    client.send(sized(size));
    await client.expectClosed();
  });

  test('5.3.1 a frame that says so is refused before its bytes have come', async () => {
    const client = await inSasl();
    client.send(Buffer.from('0000020102010000', 'hex'));
    await client.expectClosed();
  });

  test('5.3.1 an answer that would be larger than a frame is not given', async () => {
    const client = await inSasl();
    const initialResponse = `n,,n=ada,r=${'x'.repeat(420)}`;
    client.send(amqp.saslInit({ mechanism: 'SCRAM-SHA-256', initialResponse }));
    await expectOutcome(client, CODE.auth);
  });

  test('5.3.1 a body with something behind it ends it', async () => {
    for (const rest of [Buffer.of(0x40), init]) {
      const client = await inSasl();
      client.send(saslFrame(Buffer.concat([init, rest])));
      await client.expectClosed();
    }
  });

  test('5.3.1 an empty frame ends it', async () => {
    const client = await inSasl();
    client.send(saslFrame(Buffer.alloc(0)));
    await client.expectClosed();
  });

  test('5.3.1 a frame of AMQP ends it', async () => {
    const client = await inSasl();
    client.send(rawFrame(init));
    await client.expectClosed();
  });

  test('5.3.1 5.3.3 a body that is none of SASL ends it', async () => {
    for (const body of [encodeComposite('open', { containerId: 'c' }), string('PLAIN'), NULL]) {
      const client = await inSasl();
      client.send(saslFrame(body));
      await client.expectClosed();
    }
  });

  test.each(['saslMechanisms', 'saslChallenge', 'saslOutcome'] as const)(
    '5.3.3 a %s is not for clients to send',
    async (name) => {
      const client = await inSasl();
      client.send(saslFrame(encodeComposite(name, {})));
      await client.expectClosed();
    },
  );

  test('5.3.1 a frame of SASL has no place behind the headers of AMQP', async () => {
    const client = await both.open();
    client.send(header(AMQP), saslFrame(init));
    await client.expectHeader(AMQP);
    await client.expect('open');
    await client.expectClose('amqp:connection:framing-error');
  });

  test('5.3.1 frames may come byte by byte', async () => {
    const client = await inSasl();
    for (const byte of saslFrame(init)) client.send(Buffer.of(byte));
    await expectOutcome(client, CODE.ok);
  });
});

describe('5.3.2 negotiation', () => {
  test('5.3.2 5.3.3.6 with the outcome ok, headers and opens of AMQP follow', async () => {
    const client = await inSasl();
    client.send(amqp.saslInit({ mechanism: 'PLAIN', initialResponse: PLAIN }));
    await expectOutcome(client, CODE.ok);
    await client.login();
    await client.begin();
    await client.close();
  });

  test('5.3.2 everything may be sent at once', async () => {
    const client = await secured.open();
    const init = amqp.saslInit({ mechanism: 'PLAIN', initialResponse: PLAIN });
    client.send(header(SASL), init, header(AMQP), amqp.open(), amqp.begin());
    await client.expectHeader(SASL);
    await client.expect('saslMechanisms');
    await expectOutcome(client, CODE.ok);
    await client.expectHeader(AMQP);
    await client.expect('open');
    await client.expect('begin');
  });

  test('5.3.2 frames of AMQP do not follow without its header', async () => {
    const client = await inSasl();
    client.send(amqp.saslInit({ mechanism: 'PLAIN', initialResponse: PLAIN }), amqp.open());
    await expectOutcome(client, CODE.ok);
    await client.expectHeader(AMQP);
    await client.expectClosed();
  });

  test('5.3.2 a second init is refused', async () => {
    const client = await inSasl();
    const init = amqp.saslInit({ mechanism: 'SCRAM-SHA-256' });
    client.send(init, init);
    await client.expect('saslChallenge');
    await expectOutcome(client, CODE.auth);
  });

  test('5.3.2 a response that was not asked for is refused', async () => {
    const client = await inSasl();
    client.send(amqp.saslResponse({ response: PLAIN }));
    await expectOutcome(client, CODE.auth);
  });

  test('5.3.2 an exchange that is broken off leaves nothing behind', async () => {
    const client = await inSasl();
    client.send(amqp.saslInit({ mechanism: 'SCRAM-SHA-256', initialResponse: 'n,,n=ada,r=abc' }));
    await client.expect('saslChallenge');
    await client.drop();
    const pending = await inSasl();
    pending.send(amqp.saslInit({ mechanism: 'PLAIN', initialResponse: PLAIN }));
    await pending.drop();
    await (await secured.open()).loginPlain('ada', 'secret');
  });
});

describe('5.3.3.1 mechanisms', () => {
  test('5.3.3.1 they come as an array, in the order of their strength', async () => {
    const client = await secured.open();
    client.send(header(SASL));
    await client.expectHeader(SASL);
    const { bytes, saslServerMechanisms } = await client.expect('saslMechanisms');
    expect(saslServerMechanisms).toEqual(['SCRAM-SHA-256', 'PLAIN']);
    const array = symbols(...saslServerMechanisms);
    expect(bytes.subarray(-array.length)).toEqual(array);
  });

  test('5.3.3.1 ANONYMOUS is offered last, where it is allowed', async () => {
    const client = await both.open();
    client.send(header(SASL));
    await client.expectHeader(SASL);
    const { saslServerMechanisms } = await client.expect('saslMechanisms');
    expect(saslServerMechanisms).toEqual(['SCRAM-SHA-256', 'PLAIN', 'ANONYMOUS']);
  });
});

describe('5.3.3.2 init', () => {
  test.each(['CRAM-MD5', 'EXTERNAL', 'ANONYMOUS', 'plain', 'SCRAM-SHA-256-PLUS', ''])(
    '5.3.3.2 5.3.3.6 the mechanism %j, which was not offered, is refused',
    async (mechanism) => {
      const client = await inSasl();
      client.send(amqp.saslInit({ mechanism, initialResponse: PLAIN }));
      await expectOutcome(client, CODE.auth);
    },
  );

  test('5.3.3.2 an init without a mechanism ends it', async () => {
    const client = await inSasl();
    client.send(amqp.saslInit({ initialResponse: PLAIN }));
    await client.expectClosed();
  });

  test('5.3.3.2 a mechanism is a symbol', async () => {
    const client = await inSasl();
    client.send(amqp.saslInit({ mechanism: new Raw(string('PLAIN')), initialResponse: PLAIN }));
    await client.expectClosed();
  });

  test('5.3.3.2 any hostname will do', async () => {
    for (const hostname of ['localhost', 'elsewhere.example', '']) {
      const client = await inSasl();
      client.send(amqp.saslInit({ mechanism: 'PLAIN', initialResponse: PLAIN, hostname }));
      await expectOutcome(client, CODE.ok);
    }
  });

  test('5.3.3.2 5.3.3.3 without an initial response it is asked for by an empty challenge', async () => {
    const client = await inSasl();
    client.send(amqp.saslInit({ mechanism: 'PLAIN' }));
    await client.expect('saslChallenge', { challenge: Buffer.alloc(0) });
    client.send(amqp.saslResponse({ response: PLAIN }));
    await expectOutcome(client, CODE.ok);
  });

  test('5.3.3.2 an empty initial response is one', async () => {
    const client = await inSasl();
    client.send(amqp.saslInit({ mechanism: 'PLAIN', initialResponse: '' }));
    await expectOutcome(client, CODE.auth);
  });

  test.each([
    ['a wrong password', '\0ada\0wrong'],
    ['an unknown user', '\0eve\0secret'],
    ['no password', '\0ada\0'],
    ['no user', '\0\0secret'],
    ['one zero byte', 'ada\0secret'],
    ['no zero byte', 'ada'],
    ['a name that is no UTF-8', '\0\xff\xfe\0secret'],
    ['another identity', 'eve\0ada\0secret'],
  ])('5.3.3.2 5.3.3.6 PLAIN with %s is refused', async (_, initialResponse) => {
    const client = await inSasl();
    client.send(amqp.saslInit({ mechanism: 'PLAIN', initialResponse }));
    await expectOutcome(client, CODE.auth);
  });

  test('5.3.3.2 PLAIN with its own identity', async () => {
    const client = await inSasl();
    client.send(amqp.saslInit({ mechanism: 'PLAIN', initialResponse: 'ada\0ada\0secret' }));
    await expectOutcome(client, CODE.ok);
  });

  test.each([undefined, '', 'ada@example'])(
    '5.3.3.2 ANONYMOUS, where it is allowed, with the trace %j',
    async (initialResponse) => {
      const client = await inSasl(both);
      client.send(amqp.saslInit({ mechanism: 'ANONYMOUS', initialResponse }));
      await expectOutcome(client, CODE.ok);
      await client.login();
    },
  );
});

describe('5.3.3.3 5.3.3.4 SCRAM-SHA-256', () => {
  /** Up to the challenge. */
  async function challenged(scram: ScramClient, late = false) {
    const client = await inSasl();
    const first = scram.firstMessage;
    const mechanism = 'SCRAM-SHA-256';
    client.send(amqp.saslInit({ mechanism, ...(late ? {} : { initialResponse: first }) }));
    if (late) {
      await client.expect('saslChallenge', { challenge: Buffer.alloc(0) });
      client.send(amqp.saslResponse({ response: first }));
    }
    const { challenge } = await client.expect('saslChallenge');
    return { client, challenge: challenge as Buffer };
  }

  test.each([false, true])(
    '5.3.3.3 5.3.3.4 5.3.3.5 each side proves that it knows the password; asked for first: %s',
    async (late) => {
      const scram = new ScramClient('ada', 'secret');
      const { client, challenge } = await challenged(scram, late);
      client.send(amqp.saslResponse({ response: scram.finalMessage(challenge) }));
      const { additionalData } = await client.expect('saslOutcome', { code: CODE.ok });
      expect(additionalData.toString()).toBe(scram.serverFinal);
      await client.login();
    },
  );

  test('5.3.3.3 the nonce of the server is new each time', async () => {
    const scram = new ScramClient('ada', 'secret');
    const challenges = [await challenged(scram), await challenged(scram)];
    const [first, second] = challenges.map(({ challenge }) => challenge.toString().split(',')[0]);
    expect(first).not.toBe(second);
  });

  test('5.3.3.3 an unknown user gets a challenge like any other', async () => {
    const known = await challenged(new ScramClient('ada', 'secret'));
    const unknown = await challenged(new ScramClient('eve', 'secret'));
    const form = ({ challenge }: { challenge: Buffer }) =>
      challenge.toString().replace(/r=[^,]+,s=[^,]+/, 'r=,s=');
    expect(form(unknown)).toBe(form(known));
  });

  test.each([
    ['a wrong password', 'ada', 'wrong'],
    ['an unknown user', 'eve', 'secret'],
  ])('5.3.3.4 5.3.3.6 %s is refused', async (_, user, password) => {
    const scram = new ScramClient(user, password);
    const { client, challenge } = await challenged(scram);
    client.send(amqp.saslResponse({ response: scram.finalMessage(challenge) }));
    const { additionalData } = await client.expect('saslOutcome', { code: CODE.auth });
    expect(additionalData).toBeUndefined();
    await client.expectClosed();
  });

  test.each<[string, (final: string) => string]>([
    ['another nonce', (final) => final.replace(/r=./, 'r=!')],
    [
      'only its own part of the nonce',
      (final) => final.replace(/r=[^,]+/, 'r=fyko-d2lbbFgONRv9qkxdawL'),
    ],
    ['another proof', (final) => final.replace(/p=.*/, `p=${Buffer.alloc(32).toString('base64')}`)],
    ['a short proof', (final) => final.replace(/p=.*/, 'p=AAAA')],
    ['no proof', (final) => final.replace(/,p=.*/, '')],
    ['another channel binding', (final) => final.replace('c=biws', 'c=eSws')],
    ['nothing', () => ''],
    ['an abort', () => '*'],
  ])('5.3.3.4 a last message with %s is refused', async (_, change) => {
    const scram = new ScramClient('ada', 'secret');
    const { client, challenge } = await challenged(scram);
    const final = scram.finalMessage(challenge).toString();
    expect(change(final)).not.toBe(final);
    client.send(amqp.saslResponse({ response: change(final) }));
    await expectOutcome(client, CODE.auth);
  });

  test.each([
    ['channel binding', 'p=tls-unique,,n=ada,r=abc'],
    ['another identity', 'n,a=eve,n=ada,r=abc'],
    ['no nonce', 'n,,n=ada'],
    ['an extension', 'n,,m=x,n=ada,r=abc'],
    ['no UTF-8', 'n,,n=\xff,r=abc'],
    ['nothing', ''],
  ])('5.3.3.2 a first message with %s is refused', async (_, initialResponse) => {
    const client = await inSasl();
    client.send(amqp.saslInit({ mechanism: 'SCRAM-SHA-256', initialResponse }));
    await expectOutcome(client, CODE.auth);
  });

  test('5.3.3.4 a response without a body ends it', async () => {
    const { client } = await challenged(new ScramClient('ada', 'secret'));
    client.send(amqp.saslResponse({}));
    await client.expectClosed();
  });

  test('5.3.3.4 a response after the outcome ends it', async () => {
    const scram = new ScramClient('ada', 'secret');
    const { client, challenge } = await challenged(scram);
    const response = amqp.saslResponse({ response: scram.finalMessage(challenge) });
    client.send(response, response);
    await client.expect('saslOutcome', { code: CODE.ok });
    await client.expectHeader(AMQP);
    await client.expectClosed();
  });
});
