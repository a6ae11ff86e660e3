import { describe, expect, test } from 'vitest';
import { block, hex, prefixed, property, u16, u32, userProperty } from '../testing/bytes.js';
import { priorityOf } from './priority-property.js';
import { PublishProperties } from './publish-properties.js';

const LIMITS = { headersMax: 3, headerBytesMax: 1000, subscriptionsPerConnectionMax: 20 };
const ALIAS = property(0x23, u16(5));
const EXPIRY = property(0x02, u32(70_000));
const TYPE = property(0x03, prefixed('text/plain'));
const USER = userProperty('name', 'value');

function scan(bytes: Buffer, start = 0, end = bytes.length): [PublishProperties, number] {
  const properties = new PublishProperties();
  return [properties, properties.scan(bytes, start, end, LIMITS)];
}

function reasonOf(bytes: Buffer): unknown {
  try {
    scan(bytes);
  } catch (error) {
    return (error as { reason?: number }).reason;
  }
  return 'accepted';
}

describe('what the broker needs to know', () => {
  test('alias, expiry and payload format', () => {
    const bytes = block(ALIAS, EXPIRY, property(0x01, hex('01')), TYPE);
    const [properties, payload] = scan(bytes);
    expect(payload).toBe(bytes.length);
    expect(properties).toMatchObject({ topicAlias: 5, expirySeconds: 70_000, text: true });
  });

  test('their absence', () => {
    const [properties] = scan(block(TYPE));
    expect(properties).toMatchObject({ topicAlias: -1, expirySeconds: -1, text: false });
  });

  test('an expiry of 32 bits is not negative', () => {
    expect(scan(block(property(0x02, u32(0xffffffff))))[0].expirySeconds).toBe(0xffffffff);
  });

  test.each([
    ['a digit', [['JMSPriority', '9']], 9],
    [
      'the first that is one',
      [
        ['JMSPriority', 'high'],
        ['JMSPriority', '0'],
        ['JMSPriority', '7'],
      ],
      0,
    ],
    ['two digits', [['JMSPriority', '10']], -1],
    ['nothing', [['JMSPriority', '']], -1],
    [
      'another name',
      [
        ['JMSPriorit_', '1'],
        ['jMSPriority', '1'],
        ['', '1'],
      ],
      -1,
    ],
  ] as const)('a priority: %s', (_, pairs, priority) => {
    const bytes = block(...pairs.map(([name, value]) => userProperty(name, value)));
    expect(scan(bytes)[0].priority).toBe(priority);
    const userProperties = pairs.map(([name, value]) => [name, value] as const);
    expect(priorityOf({ userProperties })).toBe(priority);
  });

  test('one object serves packet after packet', () => {
    const properties = new PublishProperties();
    const scanAgain = (bytes: Buffer) => properties.scan(bytes, 0, bytes.length, LIMITS);
    scanAgain(block(ALIAS, EXPIRY, property(0x01, hex('01'))));
    scanAgain(block(USER));
    expect(properties).toMatchObject({ topicAlias: -1, expirySeconds: -1, text: false });
    scanAgain(block(ALIAS));
    expect(properties.none(8)).toBe(8);
    expect(properties.topicAlias).toBe(-1);
    scanAgain(block(userProperty('JMSPriority', '3')));
    expect(properties.priority).toBe(3);
    scanAgain(block(USER));
    expect(properties.priority).toBe(-1);
  });
});

describe('what stays with the message', () => {
  test.each([
    ['alias first', [ALIAS, USER, TYPE], [USER, TYPE]],
    ['alias last', [USER, TYPE, ALIAS], [USER, TYPE]],
    ['expiry in between', [USER, EXPIRY, TYPE], [USER, TYPE]],
    ['both, side by side', [USER, EXPIRY, ALIAS, TYPE], [USER, TYPE]],
    ['both, apart', [ALIAS, USER, EXPIRY, TYPE], [USER, TYPE]],
    ['both, around', [EXPIRY, USER, TYPE, ALIAS], [USER, TYPE]],
    [
      'a long block',
      [ALIAS, userProperty('a', 'x'.repeat(200))],
      [userProperty('a', 'x'.repeat(200))],
    ],
  ])('%s', (_, sent, kept) => {
    const payload = Buffer.from('payload');
    const before = Buffer.from('before');
    const bytes = Buffer.concat([before, block(...sent), payload]);
    const properties = new PublishProperties();
    const start = properties.scan(bytes, before.length, bytes.length, LIMITS);
    expect(bytes.subarray(start)).toEqual(payload);
    const copy = properties.copyKept(bytes.length);
    expect(copy.toString('hex')).toBe(Buffer.concat([block(...kept), payload]).toString('hex'));
    expect(properties.keptBytes).toBe(Buffer.concat(kept).length);
  });

  test('nothing', () => {
    const [properties] = scan(block(ALIAS, EXPIRY));
    expect(properties.keptBytes).toBe(0);
    expect(properties.removedBytes).toBe(8);
  });
});

describe('what is refused', () => {
  test.each([
    ['a block longer than its packet', hex('05 01 01'), 0x81],
    ['a length of five bytes', hex('80808080 01'), 0x81],
    ['[MQTT-1.5.5-1] a padded length', hex('82 00 0101'), 0x81],
    ['an unknown property', block(hex('7e00')), 0x81],
    ['a property of CONNECT', block(property(0x11, u32(1))), 0x81],
    ['[MQTT-3.3.4-6] a subscription identifier', block(property(0x0b, hex('01'))), 0x82],
    ['two payload formats', block(hex('0100'), hex('0100')), 0x82],
    ['two expiries', block(EXPIRY, EXPIRY), 0x82],
    ['two aliases', block(ALIAS, ALIAS), 0x82],
    ['two content types', block(TYPE, TYPE), 0x82],
    ['two response topics', block(property(8, prefixed('a')), property(8, prefixed('a'))), 0x82],
    ['two correlations', block(property(9, prefixed('a')), property(9, prefixed('a'))), 0x82],
    ['payload format 2', block(hex('0102')), 0x82],
    ['[MQTT-3.3.2-14] a response topic with +', block(property(8, prefixed('a/+'))), 0x82],
    ['[MQTT-3.3.2-14] a response topic with #', block(property(8, prefixed('#'))), 0x82],
    ['a text past its block', block(hex('03 0005 61')), 0x81],
    ['half a length', block(hex('03 00')), 0x81],
    ['half an expiry', block(hex('02 0000')), 0x81],
    ['a user property without value', block(hex('26 0001 61')), 0x81],
    ['[MQTT-1.5.4-2] U+0000', block(userProperty('a', 'b\0')), 0x81],
    ['[MQTT-1.5.4-2] U+0000 after others', block(userProperty('ä', 'ö\0')), 0x81],
    ['[MQTT-1.5.4-1] bytes that are not UTF-8', block(property(3, prefixed(hex('61c328')))), 0x81],
    ['[MQTT-1.5.4-1] a surrogate', block(property(3, prefixed(hex('eda080')))), 0x81],
    ['too many user properties', block(USER, USER, USER, USER), 0x97],
    ['too many bytes', block(userProperty('a', 'x'.repeat(995))), 0x95],
  ])('%s', (_, bytes, reason) => {
    expect(reasonOf(bytes)).toBe(reason);
  });

  test('what is just allowed', () => {
    expect(reasonOf(block(USER, USER, USER))).toBe('accepted');
    expect(reasonOf(block(userProperty('a', 'x'.repeat(994))))).toBe('accepted');
    expect(
      reasonOf(block(userProperty('ä€😀', '\uFEFF'), property(9, prefixed(hex('00ff'))))),
    ).toBe('accepted');
  });

  test('every truncation of a block', () => {
    const whole = block(ALIAS, EXPIRY, TYPE, USER, property(9, prefixed('x')));
    for (let end = 0; end < whole.length; end++) {
      expect(reasonOf(whole.subarray(0, end)), `cut at ${end}`).toBe(0x81);
    }
  });
});
