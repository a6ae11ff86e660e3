import type { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createProgram } from './program.js';
import { run } from './run.js';

/** Parses without running: returns the arguments and options that the action would get. */
function parse(...args: string[]): { args: unknown[]; options: Record<string, unknown> } {
  const program = createProgram('1.2.3');
  const command = program.commands.find((each) => each.name() === args[0])!;
  let seen: unknown[] = [];
  command.exitOverride().configureOutput({ writeErr() {} });
  command.action((...given: unknown[]) => {
    seen = given;
  });
  program.exitOverride().parse(args, { from: 'user' });
  const positional = seen.slice(0, -2);
  return { args: positional, options: (seen.at(-1) as Command).opts() };
}

describe('arguments', () => {
  test('of send', () => {
    const { args, options } = parse(
      ...['send', 'mqtt://h', 'a/b', 'one', 'two', '-H', 'a=1', '-H', 'b=x=y', '-n', '3'],
      ...['--no-persistent', '-q', '2', '--ttl', '1.5', '--retain', '-f', 'x', '-f', 'y'],
    );
    expect(args).toEqual(['mqtt://h', 'a/b', ['one', 'two']]);
    expect(options).toMatchObject({
      header: [
        ['a', '1'],
        ['b', 'x=y'],
      ],
      count: 3,
      persistent: false,
      qos: 2,
      ttl: 1.5,
      retain: true,
      file: ['x', 'y'],
      timeout: 10,
    });
  });

  test('of receive', () => {
    expect(parse('receive', 'stomp://h', 'queue://a').options).toMatchObject({
      qos: 1,
      ack: 'client-individual',
      prefetch: 100,
    });
    expect(
      parse('receive', 'stomp://h', 'queue://a', '--ack', 'auto', '-w', '2').options,
    ).toMatchObject({
      ack: 'auto',
      wait: 2,
    });
  });

  test('of explain', () => {
    const { args, options } = parse(
      ...['explain', 'hello', '--from', 'mqtt5', '-H', 'a=1', '--body-type', 'text'],
      ...['--priority', '9', '--reply-to', 'queue://a', '--no-persistent'],
    );
    expect(args).toEqual(['hello']);
    expect(options).toMatchObject({
      from: 'mqtt5',
      destination: 'topic://example',
      header: [['a', '1']],
      bodyType: 'text',
      priority: 9,
      replyTo: 'queue://a',
      persistent: false,
    });
  });

  test('of bench', () => {
    expect(parse('bench', 'mqtt://h').options).toMatchObject({
      producers: 1,
      consumers: 1,
      size: 100,
      count: 100_000,
      qos: 1,
      rate: 0,
      window: 500,
    });
    expect(parse('bench', 'mqtt://h', '-k', '0', '--raw').options).toMatchObject({
      consumers: 0,
      raw: true,
    });
  });

  test('of start', () => {
    expect(
      parse('start', '-c', 'x.yaml', '-s', 'a=1', '--set', 'b=2', '-d', 'data').options,
    ).toEqual({
      config: 'x.yaml',
      set: ['a=1', 'b=2'],
      data: 'data',
    });
  });

  test('of the commands for a pair', () => {
    expect(parse('up', '--multi-az', '-d', 'data').options).toEqual({
      multiAz: true,
      seed: 1,
      data: 'data',
      set: [],
    });
    expect(parse('status', '--json').options).toMatchObject({ json: true });
    expect(parse('reboot', 'az-a')).toEqual({ args: ['az-a'], options: { set: [], timeout: 30 } });
    expect(parse('promote', '--timeout', '1.5').options).toMatchObject({ timeout: 1.5 });
  });

  test.each([
    [['send', 'mqtt://h', 'a', '-q', '3'], /from 0 to 2/],
    [['send', 'mqtt://h', 'a', '-n', '0'], /from 1 on/],
    [['send', 'mqtt://h', 'a', '-H', 'novalue'], /name=value/],
    [['send', 'mqtt://h'], /missing required argument 'destination'/],
    [['receive', 'mqtt://h', 'a', '--ack', 'sometimes'], /Allowed choices are auto/],
    [['receive', 'mqtt://h', 'a', '--wait', 'long'], /seconds/],
    [['receive', 'mqtt://h', 'a', '--jsno'], /Did you mean --json/],
    [['bench', 'mqtt://h', '-b', '1.5'], /whole number/],
  ])('%j are refused', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });
});

describe('every command', () => {
  test('has help with examples', () => {
    const program = createProgram('1.2.3');
    expect(program.commands.map((command) => command.name())).toEqual([
      ...['start', 'up', 'region', 'front', 'status', 'reboot', 'promote'],
      ...['check-config', 'hash-password', 'send', 'receive', 'bench', 'explain', 'drill'],
    ]);
    for (const command of program.commands) {
      expect(command.description(), command.name()).toMatch(/^[A-Z].*\.$/);
      for (const option of command.options) expect(option.description, option.long).not.toBe('');
    }
  });
});

/** A pair of which nothing runs. */
const NOWHERE = [
  ...['--data', 'no/such/folder', '--set', 'admin.port=0', '--set', 'listeners=[]'],
  ...['--set', 'multiAz.region.port=0'],
];

describe('the exit code', () => {
  let errors: string[];
  beforeEach(() => {
    errors = [];
    vi.spyOn(console, 'error').mockImplementation((line: string) => void errors.push(line));
    vi.spyOn(console, 'log').mockImplementation(() => {});
    vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
    vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  });
  afterEach(() => vi.restoreAllMocks());

  test.each([
    [['--version'], 0],
    [['send', '--help'], 0],
    [['nonsense'], 2],
    [['send', 'mqtt://h'], 2],
    [['send', 'http://h', 'a', 'b'], 2],
    [['check-config', '--set', 'admin.prot=1'], 2],
    [['check-config', '--config', 'no/such/file'], 2],
    [['check-config', '--set', 'admin.port=0'], 0],
    [['check-config', '--set', 'multiAz.nodes=[{ name: a }, { name: a }]'], 2],
    [['front', '--set', 'multiAz.nodes=[{ name: a }, { name: a }]'], 2],
    [['front', '--routes', 'x'], 2],
    [['front', '--routes', '[{ "name": "a" }]'], 2],
    [['front', '--set', 'admin.port=0'], 2],
    [['status', '--data', 'no/such/folder', '--set', 'multiAz.frontProbe=1'], 2],
    [['reboot', '--timeout', 'long'], 2],
    [['status', ...NOWHERE], 1],
    [['status', ...NOWHERE, '--json'], 1],
    [['reboot', ...NOWHERE], 1],
    [['promote', ...NOWHERE], 1],
  ])('of %j is %i', async (args, expected) => {
    expect(await run(createProgram('1.2.3'), args)).toBe(expected);
  });

  test('comes with what is wrong', async () => {
    await run(createProgram('1.2.3'), ['check-config', '--set', 'admin.prot=1', '--set', 'x=1']);
    expect(errors).toEqual([
      'causeway: --set admin.prot: there is no such key (did you mean admin.port?)',
      'causeway: --set x: there is no such key',
    ]);
  });
});
