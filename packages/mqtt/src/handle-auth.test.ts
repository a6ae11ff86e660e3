import { describe, expect, test } from 'vitest';
import { ScramAuthenticator } from '../../../test/support/scram-authenticator.js';
import { ScramClient } from '../../../test/support/scram-client.js';
import { createTestBroker } from '../../../test/support/test-broker.js';
import { block, connect, hex, packet, prefixed, property, publish } from './testing/bytes.js';
import { MqttPeer } from './testing/mqtt-peer.js';

const DOOR = new ScramAuthenticator({ users: { ann: 'pencil', bob: 'pencil' } });

const method = property(0x15, prefixed('SCRAM-SHA-256'));
const data = (text: string) => property(0x16, prefixed(text));
const clientOf = (name: string) => new ScramClient(name, 'pencil');
const firstData = (name: string) => data(clientOf(name).firstMessage.toString());
const auth = (reason: number, ...properties: Buffer[]) =>
  packet(0xf0, Buffer.of(reason), block(method, ...properties));

interface Answer {
  readonly cmd: string;
  readonly reasonCode: number;
  readonly properties: { authenticationData?: Buffer };
}

function answerOf(peer: MqttPeer): Answer {
  const packets = peer.packets();
  expect(packets).toHaveLength(1);
  return packets[0] as unknown as Answer;
}

/** Sends the first message with `packet`, reads the challenge, returns the last message. */
function challenge(peer: MqttPeer, first: Buffer, name: string): string {
  peer.send(first);
  const { cmd, reasonCode, properties } = answerOf(peer);
  expect([cmd, reasonCode]).toEqual(['auth', 0x18]);
  return clientOf(name).finalMessage(properties.authenticationData!).toString();
}

const connectAs = (name: string) => connect({ properties: [method, firstData(name)] });

async function loggedIn(): Promise<MqttPeer> {
  const peer = new MqttPeer(await createTestBroker(), DOOR);
  peer.send(auth(0x18, data(challenge(peer, connectAs('ann'), 'ann'))));
  const { cmd, reasonCode, properties } = answerOf(peer);
  expect([cmd, reasonCode]).toEqual(['connack', 0]);
  expect(properties.authenticationData!.toString()).toMatch(/^v=/);
  return peer;
}

describe('MQTT 5 4.12: enhanced authentication', () => {
  test('lets a client in', async () => {
    const peer = await loggedIn();
    expect(peer.sink.loggedIn).toBe(true);
    expect(peer.send(hex('c000')).summary()).toEqual(['pingresp']);
  });

  test('refuses a wrong proof, and a user who does not exist, in the same way', async () => {
    for (const name of ['ann', 'nobody']) {
      const turns = await createTestBroker();
      const peer = new MqttPeer(turns, DOOR);
      const last = challenge(peer, connectAs(name), name);
      peer.send(auth(0x18, data(name === 'ann' ? last.replace(/p=..../, 'p=AAAA') : last)));
      expect(answerOf(peer)).toMatchObject({ cmd: 'connack', reasonCode: 0x86 });
      expect(peer.sink.ended).toBe(true);
      expect(turns.logLines.map(({ event }) => event)).toContain('login-refused');
    }
  });

  test('[MQTT-4.12.0-1] refuses a method that it does not know', async () => {
    const peer = new MqttPeer(await createTestBroker(), DOOR);
    peer.send(connect({ properties: [property(0x15, prefixed('PLAIN'))] }));
    expect(answerOf(peer)).toMatchObject({ cmd: 'connack', reasonCode: 0x8c });
  });

  test('refuses a first message that is none', async () => {
    const peer = new MqttPeer(await createTestBroker(), DOOR);
    peer.send(connect({ properties: [method] }));
    expect(answerOf(peer)).toMatchObject({ cmd: 'connack', reasonCode: 0x86 });
  });

  test.each([
    ['[MQTT-3.1.2-30] another packet', publish(), 0x82],
    ['[MQTT-4.12.0-3] another reason', auth(0x19, data('x')), 0x82],
    [
      '[MQTT-4.12.0-5] another method',
      packet(0xf0, hex('18'), block(property(0x15, prefixed('X')))),
      0x82,
    ],
    ['no method', hex('f0 02 18 00'), 0x82],
    ['flags', Buffer.concat([hex('f1'), auth(0x18).subarray(1)]), 0x81],
  ])('%s in between ends the connection', async (_, bytes, reason) => {
    const peer = new MqttPeer(await createTestBroker(), DOOR);
    challenge(peer, connectAs('ann'), 'ann');
    peer.send(bytes);
    expect(answerOf(peer)).toMatchObject({ cmd: 'connack', reasonCode: reason });
    expect(peer.sink.ended).toBe(true);
  });

  test('a client may leave in between', async () => {
    const turns = await createTestBroker();
    const peer = new MqttPeer(turns, DOOR);
    challenge(peer, connectAs('ann'), 'ann');
    peer.send(hex('e000'));
    expect(peer.sink.ended).toBe(true);
    expect(peer.bytes()).toHaveLength(0);
    peer.drop();
  });
});

describe('MQTT 5 4.12.1: authentication again', () => {
  const first = (name: string) => auth(0x19, firstData(name));

  test('as the same user, with other packets in between', async () => {
    const peer = await loggedIn();
    const last = challenge(peer, first('ann'), 'ann');
    expect(peer.send(hex('c000')).summary()).toEqual(['pingresp']);
    peer.send(auth(0x18, data(last)));
    const { cmd, reasonCode, properties } = answerOf(peer);
    expect([cmd, reasonCode]).toEqual(['auth', 0]);
    expect(properties.authenticationData!.toString()).toMatch(/^v=/);
    // And once more.
    peer.send(auth(0x18, data(challenge(peer, first('ann'), 'ann'))));
    expect(answerOf(peer)).toMatchObject({ cmd: 'auth', reasonCode: 0 });
  });

  test('as another user ends the connection', async () => {
    const peer = await loggedIn();
    peer.send(auth(0x18, data(challenge(peer, first('bob'), 'bob'))));
    expect(answerOf(peer)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x87 });
    expect(peer.sink.ended).toBe(true);
  });

  test('[MQTT-4.12.1-2] with a wrong proof ends the connection', async () => {
    const peer = await loggedIn();
    challenge(peer, first('ann'), 'ann');
    peer.send(auth(0x18, data('c=biws,r=abc,p=AAAA')));
    expect(answerOf(peer)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x87 });
  });

  test.each([
    ['an answer without a question', auth(0x18, data('x'))],
    ['another reason', auth(0x00)],
    [
      '[MQTT-4.12.1-1] another method',
      packet(0xf0, hex('19'), block(property(0x15, prefixed('X')))),
    ],
  ])('%s ends the connection', async (_, bytes) => {
    const peer = await loggedIn();
    peer.send(bytes);
    expect(answerOf(peer)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x82 });
  });

  test('twice at a time ends the connection', async () => {
    const peer = await loggedIn();
    challenge(peer, first('ann'), 'ann');
    peer.send(first('ann'));
    expect(answerOf(peer)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x82 });
  });
});
