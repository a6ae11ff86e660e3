import type { Body, Content, ContentValue, Property, PropertyValue } from '@causeway/core';
import fc from 'fast-check';

/** What a text of any protocol can hold: no U+0000, no half of a surrogate pair. */
const plainText = (maxLength = 20) =>
  fc.string({ unit: 'grapheme', maxLength }).map((text) => text.replaceAll('\0', ''));
/** Names that mean something to one protocol or another. */
const known = fc.constantFrom(
  '',
  'ack',
  'content-type',
  'destination',
  'JMSPriority',
  'JMSReplyTo',
  'JMSType',
  'JMSXUserID',
  'JMS_AMQP_MA_x-opt-a',
  'message-id',
  'property-',
  'property-ack',
  'property-property-JMSType',
  'redelivered',
  'type',
  'x-dead-letter-reason',
  'x-opt-a',
  'x-opt-dead-letter-reason',
  '__proto__',
);
const plainName = fc.oneof(known, plainText(10));
const wildText = fc.oneof(
  { weight: 10, arbitrary: plainText() },
  { weight: 10, arbitrary: fc.string({ unit: 'binary' }) },
  {
    weight: 10,
    arbitrary: fc.constantFrom('a\0b', '\ud800', 'ID:AMQP_BINARY:00ff', '12', 'true', '-5'),
  },
  { weight: 1, arbitrary: fc.constant('x'.repeat(70_000)) },
);
const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));
const time = fc.integer({ min: -8.64e15, max: 8.64e15 });
const value: fc.Arbitrary<PropertyValue> = fc.oneof(
  wildText,
  fc.double(),
  fc.integer(),
  // Smaller integers are numbers.
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
  fc.boolean(),
  bytes,
  time.map((milliseconds) => new Date(milliseconds)),
  fc.constant(null),
);

const { tree } = fc.letrec<{ tree: ContentValue; simple: PropertyValue }>((tie) => ({
  simple: value,
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('simple'),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc
      .array(fc.tuple(tie('simple'), tie('tree')), { maxLength: 4 })
      .map((entries) => new Map(entries)),
  ),
}));
const isTyped = (candidate: ContentValue) =>
  typeof candidate !== 'string' && !(candidate instanceof Uint8Array);

const anyBody: fc.Arbitrary<Body> = fc.oneof(
  wildText.map((text) => ({ kind: 'text' as const, text })),
  bytes.map((each) => ({ kind: 'binary' as const, bytes: each })),
  tree.filter(isTyped).map((each) => ({ kind: 'value' as const, value: each })),
  fc.array(tree, { maxLength: 4 }).map((items) => ({ kind: 'sequence' as const, items })),
);

const queueUri = fc
  .stringMatching(/^[a-z]{1,5}(\.[a-z]{1,5}){0,2}$/)
  .chain((name) => fc.constantFrom(`queue://${name}`, `topic://${name}`));
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });

/** Whatever a format may be asked to build. */
export const anyContent: fc.Arbitrary<Content> = fc
  .record(
    {
      messageId: wildText,
      userId: wildText,
      subject: wildText,
      replyTo: fc.oneof(
        queueUri,
        fc.constantFrom('topic://a.*', 'topic://$queue.a', 'queue://', 'a'),
      ),
      correlationId: fc.oneof(wildText, bytes),
      contentType: fc.oneof(
        wildText,
        fc.constantFrom('text/plain', 'text/plain;charset=iso-8859-1', 'application/json', 'a/b'),
      ),
      contentEncoding: wildText,
      creationTime: time,
      groupId: wildText,
      groupSequence: uint32,
      replyToGroupId: wildText,
      annotations: fc.array(fc.tuple(fc.oneof(plainName, wildText), value), {
        minLength: 1,
        maxLength: 4,
      }),
      properties: fc.array(fc.tuple(fc.oneof(plainName, wildText), value), { maxLength: 6 }),
      body: anyBody,
    },
    { requiredKeys: ['properties', 'body'] },
  )
  .map((content) => content as Content);

const pairs = (name: fc.Arbitrary<string>, minLength: number): fc.Arbitrary<Property[]> =>
  fc.uniqueArray(fc.tuple(name, plainText()), {
    minLength,
    maxLength: 6,
    selector: ([each]) => each,
  });
/** Symbols of AMQP. */
const symbol = fc.string({ unit: 'grapheme-ascii', maxLength: 10 });
/** Without those that are for the broker or for JMS. */
const annotationName = fc.oneof(symbol, fc.constantFrom('x-opt-a', 'x-opt-', 'property-x-opt-a'));

/** Text in every field: what no protocol here may lose anything of. */
export const plainContent: fc.Arbitrary<Content> = fc
  .record(
    {
      messageId: plainText(),
      userId: plainText(),
      subject: plainText(),
      replyTo: queueUri,
      correlationId: plainText(),
      contentType: fc.constantFrom('text/plain', 'application/json', 'application/octet-stream'),
      contentEncoding: symbol,
      creationTime: time,
      groupId: plainText(),
      groupSequence: uint32,
      replyToGroupId: plainText(),
      annotations: pairs(annotationName, 1),
      properties: pairs(plainName, 0),
      body: plainText(100).map((text) => ({ kind: 'text' as const, text })),
    },
    { requiredKeys: ['creationTime', 'properties', 'body'] },
  )
  .map((content) => content as Content);
