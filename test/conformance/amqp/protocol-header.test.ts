import type { Log } from '@causeway/core';
import { SILENT_LOG } from '@causeway/core';
import { expect, test } from 'vitest';
import { AMQP, RawAmqp, SASL } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, header } from '../../support/raw-amqp-frames.js';

const warnings: (readonly [string, Readonly<Record<string, unknown>>])[] = [];
const log: Log = { ...SILENT_LOG, warn: (event, fields = {}) => warnings.push([event, fields]) };
const open = useAmqpServer({ log }).open;
const secured = useAmqpServer({ users: [{ name: 'ada', password: 'secret' }] });

const TLS = 2;

test('2.2 the header of AMQP 1.0 is answered with the same, and the connection goes on', async () => {
  const client = await open();
  client.send(header(AMQP));
  await client.expectBytes(header(AMQP));
  client.send(amqp.open());
  await client.expect('open');
  await client.close();
});

test('2.2 the server waits for the header of the client', async () => {
  const client = await open();
  client.send(header(AMQP).subarray(0, 7));
  client.send(header(AMQP).subarray(7));
  await client.expectBytes(header(AMQP));
});

test('2.2 a header may come byte by byte', async () => {
  const client = await open();
  for (const byte of header(AMQP)) client.send(Buffer.of(byte));
  await client.expectBytes(header(AMQP));
});

test.each([
  ['AMQP 1.1.0', header(0, [1, 1, 0])],
  ['AMQP 1.0.1', header(0, [1, 0, 1])],
  ['AMQP 2.0.0', header(0, [2, 0, 0])],
  ['AMQP 0-9-1', header(0, [0, 9, 1])],
  ['AMQP 0-10', header(1, [1, 0, 10])],
  ['AMQP 0-9', Buffer.from('414d515001010009', 'hex')],
  ['SASL of another version', header(SASL, [1, 0, 1])],
  ['TLS within the connection', header(TLS)],
  ['an unknown protocol id', header(77)],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['lower case', Buffer.from('amqp\0\x01\0\0', 'latin1')],
])('2.2 %s is answered with a header that is served, then the end', async (_, bytes) => {
  const client = await open();
  client.send(bytes);
  const { protocolId, bytes: answer } = await client.expect('header');
  expect([AMQP, SASL]).toContain(protocolId);
  expect(answer).toHaveLength(8);
  await client.expectClosed();
});

test('2.2 a wrong header that comes byte by byte gets the same answer', async () => {
  const client = await open();
  for (const byte of header(0, [0, 9, 1])) client.send(Buffer.of(byte));
  await client.expect('header');
  await client.expectClosed();
});

test.each([
  ['AMQP 0-9-1', header(0, [0, 9, 1]), /0-9-1/, /AMQP 1\.0/],
  ['TLS', header(TLS), /TLS/, /5671/],
])('2.2 the log names what a client spoke and what to do: %s', async (...row) => {
  const [, bytes, version, fix] = row;
  warnings.length = 0;
  const client = await open();
  client.send(bytes);
  await client.expect('header');
  await client.expectClosed();
  expect(warnings).toEqual([
    [
      'amqp-version-refused',
      expect.objectContaining({
        remote: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        version: expect.stringMatching(version),
        fix: expect.stringMatching(fix),
      }),
    ],
  ]);
});

test('2.2 where a login is needed, AMQP without SASL is answered with the header of SASL', async () => {
  const client = await secured.open();
  client.send(header(AMQP), amqp.open());
  await client.expectHeader(SASL);
  await client.expectClosed();
});

test('2.2 after SASL the header of AMQP is the one that is served', async () => {
  const client = await open();
  client.send(header(SASL));
  await client.expectHeader(SASL);
  await client.expect('saslMechanisms');
  client.send(amqp.saslInit({ mechanism: 'ANONYMOUS' }));
  await client.expect('saslOutcome', { code: 0 });
  client.send(header(SASL));
  await client.expectHeader(AMQP);
  await client.expectClosed();
});

test('2.2 a frame in place of a header is no header', async () => {
  const client = await open();
  client.send(amqp.open());
  await client.expect('header');
  await client.expectClosed();
});

test('2.2 data that was pipelined behind a refused header is not looked at', async () => {
  const client = await open();
  client.send(header(0, [1, 1, 0]), amqp.open(), amqp.begin());
  await client.expect('header');
  await client.expectClosed();
});

test('2.2 the port that serves every protocol recognises AMQP', async () => {
  const client = await RawAmqp.open(secured.server.anyPort);
  client.send(header(SASL));
  await client.expectHeader(SASL);
  await client.drop();
});
