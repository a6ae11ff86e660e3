import { AMQP, SASL } from '../../support/raw-amqp.js';
import type { StateFields } from '../../support/raw-amqp-composites.js';
import { amqp, header } from '../../support/raw-amqp-frames.js';
import { encodeMessage } from '../../support/raw-amqp-message.js';
import { DescribedValue, Sym, uint, type Value } from '../../support/raw-amqp-values.js';
import type { SeededRandom } from '../../support/seeded-random.js';

const ADDRESSES = ['queue://q', 'queue://q', 'r', 'topic://a.b', 'topic://a.b'];
const FILTERS = ['topic://a.>', 'topic://*.b'];
const ERRANT_ADDRESSES = [
  'temp-queue://temporary.1',
  'queue://ü.漢',
  'queue://a.*',
  'topic://$SYS.x',
  'topic://a..>',
  '',
];
const CAPABILITIES = ['queue', 'topic', 'temporary-queue', 'temporary-topic', 'shared', 'global'];
const EXPIRY_POLICIES = ['link-detach', 'session-end', 'connection-close', 'never'];
const TAGS = ['', 'a', 'b', 'a tag of thirty-two bytes or less'.slice(0, 32)];
const SELECTOR = 0x468c00000004;
const NO_LOCAL = 0x468c00000003;
const UINT_MAX = 0xffff_ffff;

/** What the client believes of one of its sessions; it loses track of what was changed in it. */
interface Session {
  readonly channel: number;
  /** Next delivery-id. */
  deliveries: number;
  readonly links: Map<number, { readonly sends: boolean }>;
}

/** What a client may say, from the protocol header on; some of it breaks a rule even so. */
export function amqpConversation(random: SeededRandom): Buffer[] {
  const messages = [...beginning(random)];
  const sessions: Session[] = [];
  const length = random.between(3, 40);
  for (let count = 0; count < length; count++) messages.push(...step(sessions, random));
  return messages;
}

/** Up to the open: with or without SASL. */
export function beginning(random: SeededRandom): Buffer[] {
  return [
    ...(random.chance(0.5) ? [header(SASL), ...login(random)] : []),
    header(AMQP),
    amqp.open({
      containerId: random.pick(['one', 'two', '', 'three']),
      ...some(random, {
        hostname: 'localhost',
        maxFrameSize: random.pick([512, 600, 4096, UINT_MAX, random.pick([511, 513])]),
        channelMax: random.pick([0, 1, 65_535]),
        idleTimeOut: random.pick([0, 1, 1000, 100_000]),
        desiredCapabilities: ['ANONYMOUS-RELAY'],
        properties: { product: 'fuzz' },
      }),
    }),
  ];
}

function login(random: SeededRandom): Buffer[] {
  switch (random.below(4)) {
    case 0:
      return [
        amqp.saslInit({
          mechanism: 'PLAIN',
          initialResponse: random.chance(0.8) ? '\0shop\0secret' : '\0shop\0wrong',
        }),
      ];
    case 1:
      return [
        amqp.saslInit({ mechanism: random.pick(['PLAIN', 'SCRAM-SHA-256', 'toString']) }),
        amqp.saslResponse({ response: '\0shop\0secret' }),
      ];
    default:
      return [amqp.saslInit({ mechanism: 'ANONYMOUS' })];
  }
}

function step(sessions: Session[], random: SeededRandom): Buffer[] {
  if (sessions.length === 0 || random.chance(0.05)) return begin(sessions, random);
  const session = random.pick(sessions);
  if (![...session.links.values()].some(({ sends }) => sends)) return attach(session, random);
  const { channel } = session;
  switch (random.below(20)) {
    case 0:
    case 1:
    case 2:
      return attach(session, random);
    case 3:
    case 4:
    case 5:
      return [flow(session, random)];
    case 6:
    case 7:
    case 8:
      return [disposition(session, random)];
    case 9: {
      const handle = handleOf(session, random);
      session.links.delete(handle);
      return [
        amqp.detach({ channel, handle, ...some(random, { closed: random.chance(0.5) }, 0.7) }),
      ];
    }
    case 10:
      if (random.chance(0.7)) return [amqp.empty()];
      sessions.splice(sessions.indexOf(session), 1);
      return [amqp.end({ channel })];
    case 11:
      return random.chance(0.1) ? [amqp.close()] : [transaction(session, random)];
    case 12:
      return [transaction(session, random)];
    default:
      return transfer(session, random);
  }
}

function begin(sessions: Session[], random: SeededRandom): Buffer[] {
  const channel = random.below(3);
  const used = sessions.some((session) => session.channel === channel);
  if (used && random.chance(0.95)) return [];
  const nextOutgoingId = random.pick([0, 1, UINT_MAX]);
  sessions.push({ channel, deliveries: random.pick([0, 0, UINT_MAX]), links: new Map() });
  return [
    amqp.begin({
      channel,
      nextOutgoingId,
      incomingWindow: random.pick([0, 5, 2048, 2048, UINT_MAX]),
      ...some(random, { handleMax: random.pick([0, 3, UINT_MAX]) }),
    }),
  ];
}

function attach(session: Session, random: SeededRandom): Buffer[] {
  const { channel, links } = session;
  const handle = random.below(random.chance(0.01) ? 10 : 4);
  if (links.has(handle) && random.chance(0.98)) return [];
  const sends = random.chance(0.5);
  links.set(handle, { sends });
  const frame = amqp.attach({
    channel,
    handle,
    name: random.chance(0.7) ? `link ${handle}` : random.pick(['a', 'b|1', 'b|2', '']),
    role: !sends,
    ...some(random, {
      sndSettleMode: random.below(3),
      rcvSettleMode: random.below(2),
      properties: { x: 1 },
      maxMessageSize: random.pick([0, 10, 1000]),
      desiredCapabilities: random.pick(CAPABILITIES),
      unsettled: { a: random.pick<StateFields | null>([null, 'accepted']), b: 'released' },
      incompleteUnsettled: true,
    }),
    ...(sends
      ? { source: {}, target: target(random), initialDeliveryCount: random.pick([0, UINT_MAX]) }
      : { target: {}, ...(random.chance(0.05) ? {} : { source: source(random) }) }),
  });
  const credit = amqp.flow({
    channel,
    handle,
    incomingWindow: random.pick([3, 100, 2048]),
    linkCredit: random.pick([1, 5, 100, UINT_MAX]),
    deliveryCount: 0,
  });
  return !sends && random.chance(0.9) ? [frame, credit] : [frame];
}

function target(random: SeededRandom) {
  if (random.chance(0.15)) return { kind: 'coordinator' };
  return terminus(random);
}

function source(random: SeededRandom) {
  return {
    ...terminus(random, FILTERS),
    ...some(random, {
      distributionMode: random.pick(['move', 'copy']),
      defaultOutcome: random.pick<StateFields>([
        'released',
        'accepted',
        { kind: 'modified', deliveryFailed: true },
      ]),
      outcomes: ['amqp:accepted:list', 'amqp:modified:list'],
      filter: some(
        random,
        {
          selector: new DescribedValue(SELECTOR, random.pick(["a = '1'", 'a >', ''])),
          local: new DescribedValue(NO_LOCAL, []),
          other: new DescribedValue('unknown', 1),
        },
        0.5,
      ),
    }),
  };
}

function address(random: SeededRandom, filters: readonly string[] = []): string {
  return random.pick(random.chance(0.05) ? ERRANT_ADDRESSES : [...ADDRESSES, ...filters]);
}

function terminus(random: SeededRandom, filters: readonly string[] = []) {
  return {
    ...(random.chance(0.15) ? { dynamic: true } : { address: address(random, filters) }),
    ...some(random, {
      capabilities: random.chance(0.5) ? random.pick(CAPABILITIES) : ['topic', 'shared'],
      durable: random.below(3),
      expiryPolicy: random.pick(EXPIRY_POLICIES),
      timeout: random.pick([0, 1, 60, UINT_MAX]),
      dynamicNodeProperties: {
        'lifetime-policy': new DescribedValue(random.between(0x2b, 0x2e), []),
      },
    }),
  };
}

function flow({ channel, links }: Session, random: SeededRandom): Buffer {
  const handle = random.pick([...links.keys()]);
  const ofLink = random.chance(0.8)
    ? {
        handle,
        deliveryCount: random.pick([0, 1, 2, 5, UINT_MAX]),
        linkCredit: random.pick([0, 1, 5, 1000, UINT_MAX]),
        ...some(random, { drain: true, available: 3 }),
      }
    : {};
  return amqp.flow({
    channel,
    nextIncomingId: random.pick([0, 0, 1, 3, 1000]),
    incomingWindow: random.pick([0, 1, 3, 2048, UINT_MAX]),
    nextOutgoingId: random.below(10),
    ...ofLink,
    ...some(random, { echo: true }, 0.1),
    ...some(random, { properties: { 'txn-id': binaryOf(transactionId(random)) } }, 0.01),
  });
}

function disposition(session: Session, random: SeededRandom): Buffer {
  const first = random.below(8);
  return amqp.disposition({
    channel: session.channel,
    role: random.chance(0.9),
    first,
    ...some(random, { last: random.pick([first, first + 2, 50, UINT_MAX, 0]) }, 0.5),
    ...some(random, { settled: random.chance(0.7) }, 0.8),
    ...some(random, { state: state(random) }, 0.9),
    ...some(random, { batchable: true }),
  });
}

function outcome(random: SeededRandom): StateFields {
  return random.pick<StateFields>([
    'accepted',
    'accepted',
    'accepted',
    'released',
    'rejected',
    { kind: 'rejected', error: { condition: 'app:bad', description: 'no', info: { why: 1 } } },
    { kind: 'modified', deliveryFailed: true },
    { kind: 'modified', undeliverableHere: true, messageAnnotations: { 'x-opt-y': 'z' } },
    { kind: 'modified', messageAnnotations: { 'x-opt-n': 5 } },
  ]);
}

function state(random: SeededRandom): StateFields {
  if (random.chance(0.1)) {
    return {
      kind: 'transactionalState',
      txnId: transactionId(random),
      ...some(random, { outcome: outcome(random) }, 0.9),
    };
  }
  if (random.chance(0.05)) return { kind: 'received', sectionNumber: 0, sectionOffset: 1 };
  return outcome(random);
}

/** As the broker gives them, in their order, and one that it never gave. */
function transactionId(random: SeededRandom): Buffer {
  const id = Buffer.alloc(8);
  id.writeDoubleBE(random.pick([1, 1, 1, 2, 2, 3, 77]));
  return id;
}

/** To whatever link, since the client does not know where its coordinator is. */
function transaction(session: Session, random: SeededRandom): Buffer {
  const request = random.chance(0.5)
    ? new DescribedValue(0x31, [])
    : new DescribedValue(0x32, [binaryOf(transactionId(random)), random.chance(0.5)]);
  return amqp.transfer(
    { channel: session.channel, handle: senderOf(session, random), ...delivery(session, random) },
    encodeMessage({ value: request }),
  );
}

/** In one frame, or in several; what was begun may never be completed. */
function transfer(session: Session, random: SeededRandom): Buffer[] {
  const { channel } = session;
  const handle = senderOf(session, random);
  const bytes = message(random);
  const parts = random.chance(0.2) ? split(bytes, random) : [bytes];
  if (parts.length > 1 && random.chance(0.05)) parts.pop();
  const state = random.chance(0.15) ? { state: transferState(random) } : {};
  const first = { ...delivery(session, random), ...state };
  return parts.map((part, index) =>
    amqp.transfer(
      {
        channel,
        handle,
        ...(index === 0 ? first : {}),
        ...(index < parts.length - 1 ? { more: true } : {}),
        ...some(random, { settled: random.chance(0.8) }, 0.5),
        ...some(random, { batchable: true, rcvSettleMode: random.below(2) }),
        ...some(random, { aborted: true, resume: true, messageFormat: random.below(2) }, 0.02),
      },
      part,
    ),
  );
}

function split(bytes: Buffer, random: SeededRandom): Buffer[] {
  const middle = random.below(bytes.length);
  const end = random.between(middle, bytes.length);
  return [bytes.subarray(0, middle), bytes.subarray(middle, end), bytes.subarray(end)];
}

function transferState(random: SeededRandom): StateFields {
  return random.chance(0.8)
    ? { kind: 'transactionalState', txnId: transactionId(random) }
    : outcome(random);
}

function delivery(session: Session, random: SeededRandom) {
  const deliveryId = session.deliveries;
  session.deliveries = (session.deliveries + 1) >>> 0;
  return { deliveryId, deliveryTag: random.pick(TAGS) };
}

function message(random: SeededRandom): Buffer {
  return encodeMessage({
    ...some(
      random,
      {
        header: some(random, {
          durable: random.chance(0.5),
          priority: random.pick([0, 4, 9, 255]),
          ttl: random.pick([0, 1, 5000, UINT_MAX]),
          firstAcquirer: true,
          deliveryCount: 3,
        }),
        deliveryAnnotations: { hop: 1 },
        messageAnnotations: some(random, {
          'x-opt-jms-msg-type': 5,
          'x-opt-delivery-delay': random.pick([0, 10, -1, 100_000]),
          'x-opt-delivery-time': new Date(random.pick([0, Date.UTC(2026, 0, 2)])),
          'x-opt-y': [1, 'two'],
        }),
        properties: some(random, {
          messageId: random.pick<Value>(['id', 7n, Buffer.of(0xa0, 1, 9)]),
          userId: Buffer.of(0xa0, 1, 9),
          to: address(random),
          replyTo: address(random),
          contentType: new Sym('text/plain'),
          absoluteExpiryTime: new Date(random.pick([0, 1, 4e12])),
          groupId: 'g',
          groupSequence: uint(1),
        }),
        applicationProperties: { a: '1', b: 2, c: [new Map([['k', null]])] },
        footer: { f: 1 },
      },
      0.3,
    ),
    ...body(random),
    ...(random.chance(0.05) ? { symbolic: true } : {}),
  });
}

function body(random: SeededRandom) {
  switch (random.below(5)) {
    case 0:
      return { data: [random.bytes(random.pick([0, 1, 40, 1500]))] };
    case 1:
      return { data: ['one', 'two'] };
    case 2:
      return { sequences: [[1, 'two', null], []] };
    case 3:
      return { value: new Map<Value, Value>([['k', [1, 2]]]) };
    default:
      return { value: random.pick<Value>(['text', 'ü'.repeat(300), null, 7, true]) };
  }
}

function handleOf({ links }: Session, random: SeededRandom): number {
  return random.chance(0.02) ? random.below(4) : random.pick([...links.keys()]);
}

/** A link on which the client sends, for the most part. */
function senderOf({ links }: Session, random: SeededRandom): number {
  const senders = [...links].filter(([, { sends }]) => sends).map(([handle]) => handle);
  return random.pick(senders.length > 0 && random.chance(0.99) ? senders : [0, 1]);
}

/** As a value that is encoded already: in a list, a Buffer stands for its bytes. */
function binaryOf(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of(0xa0, bytes.length), bytes]);
}

/** A few of the fields: what is left out is not there at all. */
function some<T extends object>(random: SeededRandom, fields: T, chance = 0.15): Some<T> {
  return Object.fromEntries(Object.entries(fields).filter(() => random.chance(chance))) as Some<T>;
}

/** Without the `undefined` that a partial record of values would have. */
type Some<T> = string extends keyof T ? T : Partial<T>;
