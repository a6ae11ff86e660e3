import { expect, test } from 'vitest';
import { decodeFrames, hex } from '../testing/amqp-frames.js';
import { encodeSaslChallenge, encodeSaslMechanisms, encodeSaslOutcome } from './encode-sasl.js';

test.each([[['PLAIN']], [['SCRAM-SHA-256', 'PLAIN', 'ANONYMOUS']]])(
  '5.3.3.1 mechanisms %j are an array of symbols',
  (mechanisms) => {
    const frame = encodeSaslMechanisms(mechanisms);
    expect(frame[5]).toBe(1);
    expect(decodeFrames(frame)).toEqual([{ kind: 'sasl-mechanisms', channel: 0, mechanisms }]);
  },
);

test('5.3.3.3 a challenge has its bytes', () => {
  const challenge = hex('00 ff 61');
  expect(decodeFrames(encodeSaslChallenge(challenge))).toMatchObject([{ challenge }]);
});

test('5.3.3.5 an outcome has a code, and data if there is any', () => {
  expect(decodeFrames(encodeSaslOutcome(0, hex('01')))).toMatchObject([
    { code: 0, additionalData: hex('01') },
  ]);
  expect(decodeFrames(encodeSaslOutcome(1, null))).toMatchObject([
    { code: 1, additionalData: null },
  ]);
});
