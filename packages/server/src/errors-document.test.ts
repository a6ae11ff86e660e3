import { readFileSync } from 'node:fs';
import { BrokerError, ERROR_CODES } from '@causeway/core';
import { OutputBuffer } from '@causeway/wire';
import { describe, expect, test } from 'vitest';
// What the protocols say is theirs alone; this test looks into their rooms to keep the document true.
import { errorInfoOf } from '../../amqp/src/errors.js';
import { ERROR_REASONS } from '../../mqtt/src/errors.js';
import { writeError } from '../../stomp/src/errors.js';

const document = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');

describe('docs/errors.md', () => {
  test('has one heading for each error code, and no other', () => {
    const headings = [...document.matchAll(/^## `(.+)`$/gm)].map((match) => match[1]);
    expect(headings).toEqual([...ERROR_CODES]);
  });

  test.each(ERROR_CODES)('tells of %s what each protocol sends, and what to do', (code) => {
    const start = document.indexOf(`## \`${code}\``);
    const section = document.slice(start, document.indexOf('\n## ', start) >>> 0);
    const { disconnect, connack, publish, subscribe, legacyConnack } = ERROR_REASONS[code];
    const hex = (reason: number) => `0x${reason.toString(16).toUpperCase()}`;
    expect(section).toContain(
      `| MQTT 5 | DISCONNECT ${hex(disconnect)}, CONNACK ${hex(connack)}, PUBACK ${hex(publish)}, SUBACK ${hex(subscribe)} |`,
    );
    const legacy =
      legacyConnack === null
        ? 'closes the connection'
        : `CONNACK ${legacyConnack}; later it closes the connection`;
    expect(section).toContain(`| MQTT 3.1.1 | ${legacy} |`);
    expect(section).toContain(`| STOMP | ERROR, \`message:${stompMessage(code)}\` |`);
    const { condition } = errorInfoOf(new BrokerError(code, 'x'))!;
    expect(section).toContain(`| AMQP 1.0 | \`${condition}\` |`);
    expect(section).toMatch(/^\*\*What to do\.\*\* \S/m);
  });
});

function stompMessage(code: (typeof ERROR_CODES)[number]): string {
  const out = new OutputBuffer();
  writeError(out, 2, new BrokerError(code, 'x'), null);
  const frame = Buffer.concat(out.take()).toString();
  return /^message:(.+)$/m.exec(frame)![1]!;
}
