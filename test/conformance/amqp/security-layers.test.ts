import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { DEVICE, USER, useRunningBroker } from '../../clients/running-broker.js';
import { AMQP, RawAmqp, SASL } from '../../support/raw-amqp.js';
import { amqp, header, type RawFrame } from '../../support/raw-amqp-frames.js';
import { text } from '../../support/raw-amqp-message.js';

const broker = useRunningBroker();
const clients: RawAmqp[] = [];
const TLS = 2;

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

/** A connection inside TLS from its first byte on. */
function secure(options: ConnectionOptions = {}): RawAmqp {
  const port = broker.port('amqps');
  const socket = connectTls({ host: '127.0.0.1', port, ca: broker.authority, ...options });
  const client = new RawAmqp(socket);
  clients.push(client);
  return client;
}

async function plain(): Promise<RawAmqp> {
  const client = await RawAmqp.open(broker.port('amqp'));
  clients.push(client);
  return client;
}

async function mechanisms(client: RawAmqp): Promise<string[]> {
  client.send(header(SASL));
  await client.expectHeader(SASL);
  return (await client.expect('saslMechanisms')).saslServerMechanisms;
}

describe('5.1 security layers', () => {
  test('5.1 one follows the other: TLS, SASL, AMQP', async () => {
    const client = secure();
    await client.loginPlain(USER.username, USER.password);
    await client.begin();
    await client.attachSender('queue://layers');
    client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, text('x')));
    await client.expect('disposition', { state: { kind: 'accepted' } });
    await client.close();
  });

  test('5.1 SASL that has failed ends the connection, and what was sent is read', async () => {
    const client = await plain();
    client.send(header(SASL), amqp.saslInit({ mechanism: 'PLAIN', initialResponse: '\0a\0b' }));
    client.send(header(AMQP), amqp.open(), Buffer.alloc(1000));
    await client.expectHeader(SASL);
    await client.expect('saslMechanisms');
    await client.expect('saslOutcome', { code: 1 });
    await client.expectClosed();
  });

  test('5.1 a security layer is not entered twice', async () => {
    const client = await plain();
    await mechanisms(client);
    const initialResponse = `\0${USER.username}\0${USER.password}`;
    client.send(amqp.saslInit({ mechanism: 'PLAIN', initialResponse }), header(SASL));
    await client.expect('saslOutcome', { code: 0 });
    await client.expectHeader(AMQP);
    await client.expectClosed();
  });
});

describe('5.2 TLS', () => {
  test('5.2 the header of TLS is answered with one that is served, then the end', async () => {
    const client = await plain();
    client.send(header(TLS));
    await client.expectHeader(SASL);
    await client.expectClosed();
  });

  test('5.2 inside TLS, too: it is not entered twice', async () => {
    const client = secure();
    client.send(header(TLS));
    await client.expectHeader(SASL);
    await client.expectClosed();
  });

  test('5.2.1 a port for TLS from the first byte on', async () => {
    const client = secure();
    expect(await mechanisms(client)).toEqual(['SCRAM-SHA-256', 'PLAIN']);
  });

  test('5.2.1 any name of a server may be asked for', async () => {
    const client = secure({ servername: 'localhost' });
    await client.loginPlain(USER.username, USER.password, { hostname: 'elsewhere.example' });
    await client.close();
  });

  test('5.2.1 bytes that are not TLS end the connection without an answer', async () => {
    const client = await RawAmqp.open(broker.port('amqps'));
    clients.push(client);
    client.send(header(AMQP));
    const frame: RawFrame | null = await client.nextOrClosed().catch(() => null);
    expect(frame).toBeNull();
  });
});

describe('5.3.3.2 EXTERNAL', () => {
  const certified = () => secure(broker.clientCertificate);

  test('5.3.3.1 it is offered first to whoever has shown a certificate', async () => {
    expect(await mechanisms(certified())).toEqual(['EXTERNAL', 'SCRAM-SHA-256', 'PLAIN']);
  });

  test('5.3.3.1 5.3.3.6 it is not offered to others, and refused', async () => {
    const client = secure();
    expect(await mechanisms(client)).not.toContain('EXTERNAL');
    client.send(amqp.saslInit({ mechanism: 'EXTERNAL', initialResponse: DEVICE }));
    await client.expect('saslOutcome', { code: 1 });
    await client.expectClosed();
  });

  test.each([
    ['no identity', ''],
    ['its own identity', DEVICE],
  ])('5.3.3.2 with %s', async (_, initialResponse) => {
    const client = certified();
    await mechanisms(client);
    client.send(amqp.saslInit({ mechanism: 'EXTERNAL', initialResponse }));
    await client.expect('saslOutcome', { code: 0 });
    await client.login();
    await client.close();
  });

  test('5.3.3.2 5.3.3.3 without an initial response it is asked for', async () => {
    const client = certified();
    await mechanisms(client);
    client.send(amqp.saslInit({ mechanism: 'EXTERNAL' }));
    await client.expect('saslChallenge', { challenge: Buffer.alloc(0) });
    client.send(amqp.saslResponse({ response: '' }));
    await client.expect('saslOutcome', { code: 0 });
  });

  test('5.3.3.2 5.3.3.6 with another identity it is refused', async () => {
    const client = certified();
    await mechanisms(client);
    client.send(amqp.saslInit({ mechanism: 'EXTERNAL', initialResponse: USER.username }));
    await client.expect('saslOutcome', { code: 1 });
    await client.expectClosed();
  });

  test('5.3.3.2 a client with a certificate may log in as somebody else', async () => {
    const client = certified();
    await client.loginPlain(USER.username, USER.password);
    await client.close();
  });

  test('2.2 a certificate is enough: AMQP may begin without SASL', async () => {
    const client = certified();
    await client.login();
    await client.begin();
    await client.close();
  });
});
