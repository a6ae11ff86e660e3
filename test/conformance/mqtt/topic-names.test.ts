import { expect, test } from 'vitest';
import { mqtt5 } from '../../support/raw-mqtt-builder.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const { connect, name } = useMqttServer({ anonymous: true, limits: { nameBytesMax: 65_535 } });

/** Topic filters, a name that they match, and one that they do not. */
const MATCHES: readonly (readonly [
  filter: string,
  matches: readonly string[],
  others: readonly string[],
])[] = [
  ['T/a', ['T/a'], ['T/A', 'T/a/', '/T/a', 'T', 'T/ab']],
  ['T/+', ['T/a', 'T/'], ['T', 'T/a/b']],
  ['T/+/b', ['T/a/b', 'T//b'], ['T/b', 'T/a/a/b']],
  ['T/#', ['T', 'T/', 'T/a', 'T/a/b/c'], ['TT', 'T2/a']],
  ['T/+/#', ['T/a', 'T/', 'T/a/b'], ['T']],
  ['T//a', ['T//a'], ['T/a', 'T///a']],
  ['/T', ['/T'], ['T', '//T']],
  ['+/T', ['/T', 'a/T'], ['T', 'a/b/T']],
  ['T/ a', ['T/ a'], ['T/a']],
];

test.each(MATCHES)(
  '[MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-3.3.2-3] the filter "%s" matches what it must',
  async (...row) => {
    const [filter, matches, others] = row;
    const unique = name('level');
    const client = await connect();
    await client.subscribe(filter.replaceAll('T', unique));
    const sender = await connect();
    for (const topic of others) sender.publish({ topic: topic.replaceAll('T', unique) });
    for (const topic of matches) {
      sender.publish({ topic: topic.replaceAll('T', unique) });
      await client.expect('publish', { topic: topic.replaceAll('T', unique) });
    }
    await client.expectSilence();
  },
);

test('[MQTT-4.7.1-1] "#" alone matches every topic', async () => {
  const client = await connect();
  await client.subscribe('#');
  const sender = await connect();
  for (const topic of ['a', '/', 'a/b/c', '/a', name('t')]) {
    sender.publish({ topic });
    await client.expect('publish', { topic });
  }
});

test('[MQTT-4.7.2-1] filters that begin with a wildcard do not match topics that begin with $', async () => {
  const client = await connect();
  await client.subscribe('#');
  await client.subscribe('+/level/x');
  await client.subscribe('+/#');
  const sender = await connect();
  sender.publish({ topic: '$test/level/x' }).publish({ topic: '$test' });
  await sender.expectSilence();
  await client.expectSilence();
});

test('[MQTT-4.7.2-1] filters that begin with the level itself do match them', async () => {
  const topic = `$${name('own')}`;
  const client = await connect();
  await client.subscribe(`${topic}/#`);
  await client.subscribe(`${topic}/+/x`);
  const sender = await connect();
  sender.publish({ topic: `${topic}/level/x` });
  await client.expect('publish', { topic: `${topic}/level/x` });
});

test('[MQTT-4.7.2-1] a $ in another place is a character like any other', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(`${topic}/+`);
  const sender = await connect();
  sender.publish({ topic: `${topic}/$x` });
  await client.expect('publish', { topic: `${topic}/$x` });
});

test('[MQTT-4.7.3-1] an empty topic name is an error', async () => {
  const client = await connect();
  client.publish({ topic: '', payload: 'x' });
  await client.expectDisconnect(0x81, 0x82, 0x90);
});

test('[MQTT-4.7.3-1] an empty topic filter is an error', async () => {
  const client = await connect();
  client.send(mqtt5.subscribe(1, [['', 0]]));
  const answer = await client.next();
  if (answer.type === 'suback') expect(answer.reasons).toEqual([0x8f]);
  else expect([0x81, 0x82, 0x8f]).toContain(answer.reason);
});

test.each(['/', ' ', 'a', '.', '\u{1f600}'])(
  '[MQTT-4.7.3-1] the topic "%s" is one',
  async (topic) => {
    const client = await connect();
    await client.subscribe(topic);
    client.publish({ topic });
    await client.expect('publish', { topic });
  },
);

test('[MQTT-4.7.3-2] U+0000 in a topic filter is malformed', async () => {
  const client = await connect();
  client.send(mqtt5.subscribe(1, [['a\0b', 0]]));
  await client.expectDisconnect(0x81);
});

test('[MQTT-4.7.3-2] U+0000 in a topic name is malformed', async () => {
  const client = await connect();
  client.publish({ topic: '\0' });
  await client.expectDisconnect(0x81);
});

test('[MQTT-4.7.3-3] a topic of 65,535 bytes is carried', async () => {
  const topic = 'x'.repeat(65_535);
  const client = await connect();
  await client.subscribe(topic);
  client.publish({ topic, payload: 'long' });
  const received = await client.expect('publish', { payload: 'long' });
  expect(received.topic === topic).toBe(true);
});

test.each([
  ['case', 'Abc', 'abc'],
  ['composition', '\u00e9', 'e\u0301'],
  ['width', '\uff21', 'A'],
  ['a soft hyphen', 'a\u00adb', 'ab'],
  ['blanks', ' a', 'a'],
  ['a trailing slash', 'a/', 'a'],
  ['dots', 'a.b', 'a/b'],
  ['percent signs', '%61', 'a'],
  ['the wildcards of other protocols', 'a*', 'ab'],
  ['the wildcard ">" of other protocols', '>', 'x'],
])('[MQTT-4.7.3-4] topics are not normalised: %s', async (_, one, two) => {
  const unique = name('t');
  const client = await connect();
  await client.subscribe(`${unique}/${one}`);
  const sender = await connect();
  sender.publish({ topic: `${unique}/${two}` }).publish({ topic: `${unique}/${one}` });
  const received = await client.expect('publish');
  expect(received.topic).toBe(`${unique}/${one}`);
  await client.expectSilence();
});

test('[MQTT-4.7.3-4] a topic is carried byte by byte', async () => {
  const unique = name('t');
  const client = await connect();
  await client.subscribe(`${unique}/#`);
  const sender = await connect();
  for (const part of ['a.b', '*', '>', '.', '..', 'a//b', '%2F', '\\', '"', '\u0001', '\u007f']) {
    sender.publish({ topic: `${unique}/${part}` });
    await client.expect('publish', { topic: `${unique}/${part}` });
  }
});
