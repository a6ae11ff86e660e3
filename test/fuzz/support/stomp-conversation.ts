import type { SeededRandom } from '../../support/seeded-random.js';

const DESTINATIONS = [
  '/queue/q',
  '/queue/r',
  '/topic/a.b',
  '/topic/a.>',
  '/topic/*.b',
  '/temp-queue/t',
  '/temp-topic/u',
  '/queue/q,/topic/a.b',
  '/queue/ü.漢',
];
const IDS = ['0', '1', 'one'];
const SELECTORS = [
  'a = 1',
  "a LIKE '%_x' OR b IS NOT NULL",
  'NOT (priority / 0 > 1)',
  "JMSPriority BETWEEN 1 AND 9 AND a IN ('b')",
  'a = ',
  '((((',
  '',
];
const TRANSACTIONS = ['t1', 't2', 't3'];
const ESCAPED = ['plain', 'a\\cb', 'a\\nb', 'a\\\\b', 'ü', '', ' '];

/** What a client may say, from CONNECT on; some of it breaks a rule even so. */
export function stompConversation(random: SeededRandom): Buffer[] {
  const messages = [connect(random)];
  const length = random.between(1, 25);
  while (messages.length < length) messages.push(message(random));
  return messages;
}

function connect(random: SeededRandom): Buffer {
  return frame(random.pick(['CONNECT', 'STOMP']), [
    ...random.pick([[], ['accept-version:1.1'], ['accept-version:1.0,1.1,1.2']]),
    'host:localhost',
    ...some(random, [
      'login:shop',
      random.pick(['passcode:secret', 'passcode:wrong']),
      random.pick(['heart-beat:0,0', 'heart-beat:1,1', 'heart-beat:5000,9999999999']),
      'client-id:one',
    ]),
  ]);
}

function message(random: SeededRandom): Buffer {
  const receipt = random.chance(0.3)
    ? [`receipt:${random.pick(['1', '007', 'r', '9999999999999999', 'ü'])}`]
    : [];
  const transaction = random.chance(0.2) ? [`transaction:${random.pick(TRANSACTIONS)}`] : [];
  switch (random.below(12)) {
    case 0:
    case 1:
      return subscribe(random, receipt);
    case 2:
      return frame('UNSUBSCRIBE', [`id:${random.pick(IDS)}`, ...receipt]);
    case 3:
    case 4: {
      const verb = random.chance(0.7) ? 'ACK' : 'NACK';
      const number = random.between(1, 5);
      const id = random.pick([
        `id:${random.pick(IDS)}-${number}`,
        `id:${number}`,
        `subscription:1\nmessage-id:${number}`,
      ]);
      return frame(verb, [id, ...transaction, ...receipt]);
    }
    case 5:
      return frame(random.pick(['BEGIN', 'COMMIT', 'ABORT']), [
        `transaction:${random.pick(TRANSACTIONS)}`,
        ...receipt,
      ]);
    case 6:
      return random.chance(0.2) ? frame('DISCONNECT', receipt) : Buffer.from('\n\r\n');
    case 7:
      return random.chance(0.2) ? connect(random) : Buffer.from('\n');
    default:
      return send(random, [...transaction, ...receipt]);
  }
}

function subscribe(random: SeededRandom, receipt: readonly string[]): Buffer {
  return frame('SUBSCRIBE', [
    `id:${random.pick(IDS)}`,
    `destination:${random.pick(DESTINATIONS)}`,
    ...random.pick([[], ['ack:auto'], ['ack:client'], ['ack:client-individual']]),
    ...some(random, [
      'durable-subscription-name:d',
      'activemq.subscriptionName:e',
      `prefetch-count:${random.pick([0, 1, 5, 99999999])}`,
      `activemq.prefetchSize:${random.pick([1, -1, 3])}`,
      `selector:${random.pick(SELECTORS)}`,
      'browser:true',
    ]),
    ...receipt,
  ]);
}

function send(random: SeededRandom, more: readonly string[]): Buffer {
  const body = random.bytes(random.pick([0, 1, 40, 3000]));
  const length = random.chance(0.7);
  const content = length ? body : Buffer.from(body.map((byte) => byte || 1));
  return frame(
    'SEND',
    [
      `destination:${random.pick(DESTINATIONS)}`,
      ...(length ? [`content-length:${content.length}`] : []),
      ...some(random, [
        random.pick(['persistent:true', 'persistent:false']),
        `priority:${random.pick([0, 4, 9, 10])}`,
        `expires:${random.pick([0, 1, 99999999999999])}`,
        'reply-to:/temp-queue/reply',
        'correlation-id:c',
        random.pick(['content-type:text/plain', 'content-type:application/octet-stream']),
        `custom:${random.pick(ESCAPED)}`,
        'amq-msg-type:text',
      ]),
      ...more,
    ],
    content,
  );
}

function frame(command: string, lines: readonly string[], body: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.from(`${[command, ...lines].join('\n')}\n\n`);
  return Buffer.concat([head, body, Buffer.of(0)]);
}

function some(random: SeededRandom, lines: readonly string[]): string[] {
  return lines.filter(() => random.chance(0.15));
}
