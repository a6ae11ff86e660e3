import { describe, expect, test } from 'vitest';
import { formatEndpoint, parseEndpoint } from './endpoint.js';

const parse = (url: string, options = {}, environment = {}) =>
  parseEndpoint(url, options, environment);

describe('the URL of a broker', () => {
  test.each([
    ['mqtt://h', 'mqtt', 'tcp', false, 1883],
    ['mqtts://h', 'mqtt', 'tcp', true, 8883],
    ['ws://h', 'mqtt', 'websocket', false, 61_614],
    ['wss://h:99', 'mqtt', 'websocket', true, 99],
    ['stomp://h:7', 'stomp', 'tcp', false, 7],
    ['stomps://h', 'stomp', 'tcp', true, 61_614],
    ['stomp+ssl://h', 'stomp', 'tcp', true, 61_614],
    ['mqtt+ssl://h', 'mqtt', 'tcp', true, 8883],
    ['amqp://h', 'amqp', 'tcp', false, 5672],
    ['amqps://h', 'amqp', 'tcp', true, 5671],
    ['amqp+ssl://h', 'amqp', 'tcp', true, 5671],
    ['amqp+ws://h', 'amqp', 'websocket', false, 61_614],
    ['amqp+wss://h', 'amqp', 'websocket', true, 61_619],
  ])('%s says what to speak', (url, protocol, transport, secure, port) => {
    expect(parse(url)).toMatchObject({ protocol, transport, secure, port, host: 'h' });
  });

  test('has the user and password, unescaped', () => {
    expect(parse('mqtt://al%40ice:s%2Fecret@h')).toMatchObject({
      user: 'al@ice',
      password: 's/ecret',
    });
  });

  test('gives way to options, and the variable to both', () => {
    const environment = { CAUSEWAY_PASSWORD: 'variable' };
    const url = 'mqtt://alice:url@h';
    expect(parse(url, { user: 'bob', password: 'option' }, environment)).toMatchObject({
      user: 'bob',
      password: 'option',
    });
    expect(parse(url, {}, environment).password).toBe('url');
    expect(parse('mqtt://alice@h', {}, environment).password).toBe('variable');
    expect(parse('mqtt://h', {}, environment)).toMatchObject({ user: null, password: null });
  });

  test('may have an IPv6 address and a path', () => {
    const endpoint = parse('ws://[::1]:80/mqtt?x=1');
    expect(endpoint).toMatchObject({ host: '::1', port: 80, path: '/mqtt?x=1' });
    expect(formatEndpoint(endpoint)).toBe('ws://[::1]:80');
  });

  test('is shown without its password', () => {
    expect(formatEndpoint(parse('stomps://alice:secret@h'))).toBe('stomps://h:61614');
    expect(formatEndpoint(parse('amqp+ssl://alice:secret@h'))).toBe('amqps://h:5671');
    expect(formatEndpoint(parse('amqp+wss://alice:secret@h'))).toBe('amqp+wss://h:61619');
  });

  test.each([
    ['localhost', /not a URL/],
    ['http://h', /http:\/\/ is not known/],
    ['mqtt://a%zz@h', /%-escape/],
  ])('%s is refused', (url, message) => {
    expect(() => parse(url)).toThrow(message);
    expect(() => parse(url)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });

  test('needs files that can be read', () => {
    expect(() => parse('mqtts://h', { ca: 'no/such/file' })).toThrow(/--ca: ENOENT/);
  });
});
