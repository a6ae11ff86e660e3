import type { Content } from '@causeway/core';
import type { Covered, FieldRow, Write } from './field-row.js';

/** How a protocol that keeps what it has no field for as texts under names shows such a header. */
export interface TextHeaders {
  /** In the table. */
  readonly title: (name: string) => string;
  /** As the dialect describes it. */
  readonly wire: (name: string) => string;
}

/** A field of the neutral view that such a header stands for. */
interface HeaderField {
  readonly name: string;
  readonly field: Exclude<Covered, `body ${string}`> & keyof Content;
  readonly into: string;
  /** What else comes out than what went in. */
  readonly out?: string;
  readonly text: string;
  readonly value: string | number;
  /** A text that is none for this field, and stays a property. */
  readonly wrong?: string;
}

export const CONTENT_ENCODING: HeaderField = {
  name: 'content-encoding',
  field: 'contentEncoding',
  into: 'content encoding',
  text: 'gzip',
  value: 'gzip',
};
export const GROUP_ID: HeaderField = {
  name: 'JMSXGroupID',
  field: 'groupId',
  into: 'group id',
  text: 'g',
  value: 'g',
};
export const GROUP_SEQUENCE: HeaderField = {
  name: 'JMSXGroupSeq',
  field: 'groupSequence',
  into: 'group sequence',
  text: '7',
  value: 7,
};
export const REPLY_TO_GROUP: HeaderField = {
  name: 'JMS_AMQP_ReplyToGroupID',
  field: 'replyToGroupId',
  into: 'reply-to group id',
  text: 'h',
  value: 'h',
};

/** The row of a header that stands for one field, both ways. */
export function headerRow({ title, wire }: TextHeaders, header: HeaderField): FieldRow {
  const { name, field, into, out = 'the same', text, value, wrong } = header;
  const content = { [field]: value };
  const refused =
    wrong === undefined
      ? []
      : [{ sent: { headers: [[name, wrong]] }, content: { properties: [[name, wrong]] } } as const];
  return {
    name: title(name),
    into,
    out,
    covers: [field],
    reads: [
      {
        sent: { headers: [[name, text]] },
        wire: [[wire(name), text]],
        content: { ...content, properties: [] },
      },
      ...refused,
    ],
    writes: [{ content, wire: [[wire(name), text]] }],
  };
}

/** The row of annotations, which have names of their own or a prefix. */
export function annotationsRow(name: string, { wire }: TextHeaders): FieldRow {
  return {
    name,
    into: 'annotations: the former under that name, the latter without the prefix',
    out: 'the same',
    covers: ['annotations'],
    reads: [
      {
        sent: {
          headers: [
            ['x-opt-a', '1'],
            ['JMS_AMQP_MA_b', '2'],
          ],
        },
        content: {
          annotations: [
            ['x-opt-a', '1'],
            ['b', '2'],
          ],
          properties: [],
        },
      },
    ],
    writes: [
      {
        content: {
          annotations: [
            ['x-opt-a', 1],
            ['b', '2'],
          ],
        },
        wire: [
          [wire('x-opt-a'), '1'],
          [wire('JMS_AMQP_MA_b'), '2'],
        ],
      },
    ],
  };
}

/** Properties of every type, as texts. */
export function propertyTexts({ wire }: TextHeaders): Write {
  return {
    content: {
      properties: [
        ['number', 1.5],
        ['flag', true],
        ['time', new Date(0)],
        ['bytes', Buffer.of(1, 2, 3)],
        ['none', null],
      ],
    },
    wire: [
      [wire('number'), '1.5'],
      [wire('flag'), 'true'],
      [wire('time'), '1970-01-01T00:00:00.000Z'],
      [wire('bytes'), 'AQID'],
      [wire('none'), ''],
    ],
  };
}
