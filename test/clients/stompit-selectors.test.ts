import { afterEach, describe, expect, test } from 'vitest';
import { Inbox } from './inbox.js';
import { USER, useRunningBroker } from './running-broker.js';
import { bodiesOf, type Headers, type StompMessage, StompPeer } from './stomp-client.js';

const broker = useRunningBroker();
const peers: StompPeer[] = [];
const COLORS = ['red', 'blue', 'green'];

afterEach(() => {
  for (const peer of peers.splice(0)) peer.drop();
});

async function open(version = '1.2', headers: Headers = {}): Promise<StompPeer> {
  const peer = await StompPeer.open({
    port: broker.port('stomp'),
    headers: {
      login: USER.username,
      passcode: USER.password,
      'accept-version': version,
      ...headers,
    },
  });
  peers.push(peer);
  return peer;
}

/** Sends `count` messages whose headers have a color, and their number as `price`. */
async function sendMany(peer: StompPeer, destination: string, count: number): Promise<void> {
  for (let price = 0; price < count - 1; price++)
    peer.post(headersOf(destination, price), `${price}`);
  await peer.send(headersOf(destination, count - 1), `${count - 1}`);
}

function headersOf(destination: string, price: number): Headers {
  return { destination, persistent: 'true', color: COLORS[price % 3]!, price: String(price) };
}

function numbers(count: number, wanted: (number: number) => boolean): string[] {
  return Array.from({ length: count }, (_, number) => number)
    .filter(wanted)
    .map(String);
}

/** What a browser is shown until it is told that there is no more. */
async function browse(peer: StompPeer, destination: string, headers: Headers = {}) {
  const inbox = new Inbox<StompMessage>();
  await peer.subscribe(destination, { browser: 'true', ...headers }, inbox);
  const shown = await inbox.takeUntil((message) => message.headers.browser === 'end');
  return shown.slice(0, -1);
}

describe.each(['1.0', '1.1', '1.2'])('stompit, STOMP %s', (version) => {
  test('consumers of one queue get what they select, and leave the rest', async () => {
    const destination = `/queue/${broker.name('selected.')}`;
    const writer = await open(version);
    await sendMany(writer, destination, 3000);
    const [red, dear] = [await open(version), await open(version)];
    await red.subscribe(destination, { selector: "color = 'red' AND price < 2990" });
    await dear.subscribe(destination, {
      selector: "color <> 'red' AND price BETWEEN 2990 AND 2999",
    });
    const reds = await red.inbox.takeUntil(({ body }) => body.toString() === '2988');
    expect(bodiesOf(reds)).toEqual(numbers(2990, (number) => number % 3 === 0));
    const wanted = numbers(3000, (number) => number >= 2990 && number % 3 !== 0);
    expect(bodiesOf(await dear.inbox.take(wanted.length))).toEqual(wanted);
    expect(await browse(writer, destination)).toHaveLength(3000 - 997 - wanted.length);
  });

  test('a browser is shown everything, and takes nothing', async () => {
    const destination = `/queue/${broker.name('browsed.')}`;
    const writer = await open(version);
    await sendMany(writer, destination, 2500);
    const holder = await open(version);
    await holder.subscribe(destination, { ack: 'client', 'activemq.prefetchSize': '10' });
    await holder.inbox.take(10);
    for (let round = 0; round < 2; round++) {
      const shown = await browse(await open(version), destination);
      expect(bodiesOf(shown)).toEqual(numbers(2500, () => true));
      expect(shown.every(({ headers }) => headers.ack === undefined)).toBe(true);
    }
    const green = await browse(await open(version), destination, { selector: "color = 'green'" });
    expect(bodiesOf(green)).toEqual(numbers(2500, (number) => number % 3 === 2));
    expect(await browse(await open(version), `${destination}.empty`)).toEqual([]);
  });

  test('a topic brings only what was selected', async () => {
    const destination = `/topic/${broker.name('selected.')}`;
    const reader = await open(version);
    await reader.subscribe(destination, { selector: 'price > 995 OR price IS NULL' });
    const writer = await open(version);
    await sendMany(writer, destination, 1000);
    await writer.send({ destination }, 'end');
    const received = await reader.inbox.takeUntil(({ body }) => body.toString() === 'end');
    expect(bodiesOf(received)).toEqual(['996', '997', '998', '999', 'end']);
  });
});

test('a durable subscription keeps what it selects, until its selector changes', async () => {
  const destination = `/topic/${broker.name('kept.')}`;
  const clientId = { 'client-id': broker.name('reader') };
  const durable = { 'durable-subscription-name': 'kept' };
  const subscribe = async (selector: string) => {
    const reader = await open('1.2', clientId);
    await reader.subscribe(destination, { ...durable, ack: 'client-individual', selector });
    return reader;
  };
  await (await subscribe('price > 5')).close();
  const writer = await open();
  await sendMany(writer, destination, 10);
  const again = await subscribe('price > 5');
  expect(bodiesOf(await again.inbox.take(4))).toEqual(['6', '7', '8', '9']);
  await again.close();
  const other = await subscribe('price > 8');
  await sendMany(writer, destination, 10);
  expect(bodiesOf(await other.inbox.take(1))).toEqual(['9']);
  await writer.send({ destination, price: '10', persistent: 'true' }, 'end');
  expect(bodiesOf(await other.inbox.take(1))).toEqual(['end']);
});
