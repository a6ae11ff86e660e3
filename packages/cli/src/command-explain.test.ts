import { describe, expect, test, vi } from 'vitest';
import { describeMessage, type ExplainOptions, runExplain } from './command-explain.js';

const OPTIONS: ExplainOptions = {
  from: 'stomp',
  destination: 'queue://orders',
  header: [],
  persistent: true,
};

describe('the message', () => {
  test('is what the options say', () => {
    const options: ExplainOptions = {
      ...OPTIONS,
      header: [['a', '1']],
      bodyType: 'text',
      contentType: 'text/plain',
      persistent: false,
      ttl: 1.5,
      priority: 9,
      replyTo: 'topic://answers',
      correlationId: 'c',
    };
    expect(describeMessage('hello', options, 1000)).toEqual({
      destination: 'queue://orders',
      durable: false,
      headers: [['a', '1']],
      body: Buffer.from('hello'),
      bodyType: 'text',
      contentType: 'text/plain',
      replyTo: 'topic://answers',
      correlationId: 'c',
      priority: 9,
      timestamp: 1000,
      expiresAt: 2500,
    });
  });

  test('has a typed body from JSON', () => {
    const message = describeMessage('[1,{"a":null}]', { ...OPTIONS, bodyType: 'value' }, 0);
    expect(message.value).toEqual([1, { a: null }]);
    expect(message.bodyType).toBeUndefined();
  });

  test.each<[string, string | undefined, Partial<ExplainOptions>, string]>([
    ['a destination', '', { destination: 'orders' }, 'orders is neither queue://NAME'],
    ['a reply-to', '', { replyTo: 'queue://' }, 'queue:// is neither queue://NAME'],
    ['two bodies', 'a', { file: 'b' }, 'not both'],
    ['no file', undefined, { file: 'does/not/exist' }, '--file: ENOENT'],
    ['no JSON', '{', { bodyType: 'value' }, 'the body is no JSON'],
  ])('is refused for %s', (_, text, options, complaint) => {
    expect(() => describeMessage(text, { ...OPTIONS, ...options }, 0)).toThrow(complaint);
  });
});

test('the command prints what becomes of it', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await runExplain('hello', { ...OPTIONS, header: [['type', 'greeting']], json: true });
  await runExplain('hello', { ...OPTIONS, header: [['type', 'greeting']] });
  const [[json], [text]] = log.mock.calls as [[string], [string]];
  log.mockRestore();
  const { received } = JSON.parse(json);
  expect(received[0]).toMatchObject({ protocol: 'MQTT 5', losses: [] });
  expect(received[0].headers).toContainEqual(['user property JMSType', 'greeting']);
  expect(text).toContain('│ user property JMSType');
});

test('what the protocol cannot say is refused', async () => {
  const options = { ...OPTIONS, from: 'mqtt3', priority: 9 };
  await expect(runExplain('hello', options)).rejects.toThrow('a payload and nothing else');
});
