import { BrokerError } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { FrameDecoder } from './decoder.js';
import { FrameBuffer } from './frame-buffer.js';
import type { Version } from './types.js';

const LIMITS = { frameBytesMax: 1000, headersMax: 5, headerBytesMax: 200 };

interface Decoded {
  command: string;
  headers: [string, string][];
  body: string;
}

/** Decodes chunks as the engine does; NUL is written `^`. */
function decode(version: Version | null, chunks: Buffer[], limits = LIMITS): Decoded[] {
  const decoder = new FrameDecoder(limits);
  if (version !== null) decoder.agree(version, limits);
  const input = new FrameBuffer();
  const frames: Decoded[] = [];
  for (const chunk of chunks) {
    const view = input.push(chunk);
    let position = 0;
    for (;;) {
      while (view[position] === 10 || view[position] === 13) position++;
      if (position === view.length) break;
      const next = decoder.decode(view, position);
      if (next < 0) break;
      position = next;
      const { frame } = decoder;
      const headers: [string, string][] = [];
      for (let index = 0; index < frame.headerCount; index++) {
        const name = view.toString('utf8', frame.nameStart(index), frame.nameEnd(index));
        headers.push([name, frame.valueText(index)]);
      }
      const body = view.toString('latin1', frame.bodyStart, frame.bodyEnd);
      frames.push({ command: frame.command, headers, body });
    }
    input.keep(view, position);
  }
  return frames;
}

const bytes = (text: string) => Buffer.from(text.replaceAll('^', '\0'), 'utf8');
const whole = (version: Version | null, text: string) => decode(version, [bytes(text)]);
const single = (buffer: Buffer) => Array.from(buffer, (byte) => Buffer.of(byte));

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof BrokerError ? error.code : `${error}`;
  }
  return 'nothing';
}

const CONVERSATION = [
  'SEND\ndestination:/queue/a\ncontent-length:3\n\na^b^',
  'SEND\ndestination:/queue/a\n\nno length^\n\n\n',
  'ACK\nid:0-1\nreceipt:1\n\n^',
  '\r\n\nSEND\nname\\c:va\\nl\\\\ue\nüñ:☃\n\n^',
  'BEGIN\n\n^DISCONNECT\nreceipt:\n\n^\n',
].join('');

describe('frames', () => {
  test('hold command, headers and body', () => {
    expect(whole(2, 'SEND\ndestination:/queue/a\nfoo:bar\n\nhello^')).toEqual([
      {
        command: 'SEND',
        headers: [
          ['destination', '/queue/a'],
          ['foo', 'bar'],
        ],
        body: 'hello',
      },
    ]);
  });

  test('are the same however they are cut', () => {
    const expected = whole(2, CONVERSATION);
    const buffer = bytes(CONVERSATION);
    expect(expected).toHaveLength(6);
    expect(decode(2, single(buffer))).toEqual(expected);
    for (let cut = 1; cut < buffer.length; cut++) {
      const parts = [buffer.subarray(0, cut), buffer.subarray(cut)];
      expect(decode(2, parts)).toEqual(expected);
    }
  });

  test('may have NUL in a body whose length is known', () => {
    expect(whole(2, 'SEND\ncontent-length:5\n\n^a^b^^')[0]!.body).toBe('\0a\0b\0');
  });

  test('end at the first NUL without a content-length', () => {
    expect(whole(2, 'SEND\n\na^SEND\n\nb^').map((frame) => frame.body)).toEqual(['a', 'b']);
  });

  test('keep colons and spaces of values from 1.1 on', () => {
    expect(whole(1, 'SEND\na: b:c \n\n^')[0]!.headers).toEqual([['a', ' b:c ']]);
  });

  test('of 1.0 lose the spaces around a value', () => {
    expect(whole(0, 'SEND\ncontent-length: 1 \nb:  c d \n\nx^')[0]).toMatchObject({
      headers: [
        ['content-length', '1'],
        ['b', 'c d'],
      ],
      body: 'x',
    });
  });

  test('may be empty of headers and values', () => {
    expect(whole(2, 'SEND\n\n^')[0]!.headers).toEqual([]);
    expect(whole(2, 'SEND\na:\n\n^')[0]!.headers).toEqual([['a', '']]);
  });

  test('the first of repeated headers counts', () => {
    const decoder = new FrameDecoder(LIMITS);
    decoder.agree(2, LIMITS);
    decoder.decode(bytes('SEND\nfoo:World\nfoo:Hello\n\n^'), 0);
    expect(decoder.frame.text('foo')).toBe('World');
    expect(decoder.frame.text('bar')).toBeUndefined();
  });

  test('the first of repeated content-lengths counts', () => {
    expect(whole(2, 'SEND\ncontent-length:1\ncontent-length:9\n\nx^')[0]!.body).toBe('x');
  });
});

describe('carriage returns', () => {
  const text = 'SEND\r\na:b\r\n\r\nbody^';

  test('end lines in 1.2', () => {
    const expected = [{ command: 'SEND', headers: [['a', 'b']], body: 'body' }];
    expect(whole(2, text)).toEqual(expected);
    expect(decode(2, single(bytes(text)))).toEqual(expected);
  });

  test('end the lines of CONNECT, whatever its version will be', () => {
    expect(whole(null, 'CONNECT\r\nhost:a\r\n\r\n^')[0]!.headers).toEqual([['host', 'a']]);
  });

  test('belong to the value in 1.0 and 1.1', () => {
    expect(whole(0, 'SEND\na:b\r\n\n^')[0]!.headers).toEqual([['a', 'b\r']]);
    expect(whole(1, 'SEND\na:b\r\n\n^')[0]!.headers).toEqual([['a', 'b\r']]);
    expect(codeOf(() => whole(1, text))).toBe('malformed');
  });

  test('elsewhere in a header are an error in 1.2', () => {
    expect(codeOf(() => whole(2, 'SEND\na:b\rc\n\n^'))).toBe('malformed');
    expect(codeOf(() => decode(2, single(bytes('SEND\na:b\rc\n\n^'))))).toBe('malformed');
    expect(codeOf(() => whole(2, 'SEND\na\r:b\n\n^'))).toBe('malformed');
  });
});

describe('escapes', () => {
  const value = (version: Version | null, text: string) =>
    whole(version, `${version === null ? 'CONNECT' : 'SEND'}\na:${text}\n\n^`)[0]!.headers[0]![1];

  test('stand for themselves in 1.0 and in CONNECT', () => {
    expect(value(0, '\\n\\c\\x\\')).toBe('\\n\\c\\x\\');
    expect(value(null, '\\n\\c\\x\\')).toBe('\\n\\c\\x\\');
  });

  test('are line feed, colon and backslash from 1.1 on, and carriage return in 1.2', () => {
    expect(value(1, '\\n\\c\\\\')).toBe('\n:\\');
    expect(value(2, '\\n\\c\\\\\\r')).toBe('\n:\\\r');
  });

  test.each([
    [1, '\\t'],
    [1, '\\r'],
    [1, '\\'],
    [2, '\\t'],
    [2, '\\0'],
    [2, 'a\\'],
    [2, '\\\\\\'],
  ] as const)('that version 1.%i does not define are fatal: %s', (version, text) => {
    expect(codeOf(() => value(version, text))).toBe('malformed');
  });
});

describe('malformed input', () => {
  test.each([
    ['an unknown command', 'HELLO\n\n^'],
    ['a command of the server', 'MESSAGE\n\n^'],
    ['a command in lower case', 'send\n\n^'],
    ['a command that never ends', 'SENDSENDSENDSEND'],
    ['a line without a colon', 'SEND\nfoo\n\n^'],
    ['a header without a name', 'SEND\n:foo\n\n^'],
    ['a NUL in a name', 'SEND\nfo^o:a\n\n^'],
    ['a NUL in a value', 'SEND\nfoo:a^\n\n^'],
    ['a negative content-length', 'SEND\ncontent-length:-1\n\n^'],
    ['a content-length that is no number', 'SEND\ncontent-length:1x\n\na^'],
    ['an empty content-length', 'SEND\ncontent-length:\n\n^'],
    ['a content-length in 1.2 with a space', 'SEND\ncontent-length: 1\n\na^'],
    ['an endless content-length', `SEND\ncontent-length:${'9'.repeat(40)}\n\n^`],
    ['a content-length that is too short', 'SEND\ncontent-length:1\n\nabc^'],
    ['a body where none is allowed', 'ACK\nid:1\n\nbody^'],
  ])('is refused: %s', (_, text) => {
    expect(codeOf(() => whole(2, text))).toBe('malformed');
    expect(codeOf(() => decode(2, single(bytes(text))))).toBe('malformed');
  });

  test('is refused: headers that are not UTF-8', () => {
    for (const invalid of ['ff', 'c080', 'eda080', 'e28698'.slice(0, 4)]) {
      const text = Buffer.concat([bytes('SEND\na:'), Buffer.from(invalid, 'hex'), bytes('\n\n^')]);
      expect(codeOf(() => decode(2, [text]))).toBe('malformed');
    }
  });

  test('in 1.0 a body is ignored where none belongs', () => {
    expect(whole(0, 'ACK\nid:1\n\nbody^')).toHaveLength(1);
  });
});

describe('limits', () => {
  const body = (length: number) => `SEND\ncontent-length:${length}\n\n`;

  test('of the frame hold to the byte', () => {
    const head = body(900).length;
    const room = 1000 - head - 1;
    const fits = `${body(room)}${'x'.repeat(room)}^`;
    expect(fits).toHaveLength(1000);
    expect(whole(2, fits)).toHaveLength(1);
    const beyond = `${body(room + 1)}${'x'.repeat(room + 1)}^`;
    expect(codeOf(() => whole(2, beyond))).toBe('too-large');
  });

  test('are checked before the body comes', () => {
    expect(codeOf(() => whole(2, body(1000)))).toBe('too-large');
    expect(codeOf(() => whole(2, 'SEND\ncontent-length:4294967296\n'))).toBe('too-large');
  });

  test('bound a body whose length is not known', () => {
    const text = `SEND\n\n${'x'.repeat(993)}`;
    expect(whole(2, `${text}^`)).toHaveLength(1);
    expect(codeOf(() => whole(2, `${text}x^`))).toBe('too-large');
    expect(codeOf(() => whole(2, `${text}xx`))).toBe('too-large');
    expect(codeOf(() => decode(2, single(bytes(`${text}xx`))))).toBe('too-large');
  });

  test('bound the number of headers', () => {
    expect(whole(2, `SEND\n${'a:b\n'.repeat(5)}\n^`)).toHaveLength(1);
    expect(codeOf(() => whole(2, `SEND\n${'a:b\n'.repeat(6)}`))).toBe('too-large');
  });

  test('bound the bytes of the headers', () => {
    const head = (length: number) => `SEND\na:${'x'.repeat(length - 9)}\n\n`;
    expect(head(200)).toHaveLength(200);
    expect(whole(2, `${head(200)}^`)).toHaveLength(1);
    expect(codeOf(() => whole(2, `${head(201)}^`))).toBe('too-large');
    const endless = `SEND\na:${'x'.repeat(300)}`;
    expect(codeOf(() => whole(2, endless))).toBe('too-large');
    expect(codeOf(() => decode(2, single(bytes(endless))))).toBe('too-large');
  });
});
