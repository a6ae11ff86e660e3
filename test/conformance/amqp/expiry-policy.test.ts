import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, type FrameFields } from '../../support/raw-amqp-frames.js';
import { text } from '../../support/raw-amqp-message.js';
import { receivedMessage } from '../../support/raw-amqp-sections.js';

const fixture = useAmqpServer({ limits: { sessionExpiryMsMax: 3_600_000 } });
const { connect, fill, name } = fixture;

type Source = Extract<FrameFields<'attach'>['source'], { readonly address?: unknown }> | object;

/** What takes a terminus away, in this order. */
const EVENTS = ['link-detach', 'session-end', 'connection-close'] as const;
const POLICIES = [...EVENTS, 'never'] as const;
const SECOND = 1000;

/** Whether there is a message for the credit that is drained: a flow follows it. */
async function isDelivered(client: RawAmqp): Promise<boolean> {
  if ((await client.next()).kind === 'flow') return false;
  await client.expect('flow', { drain: true });
  return true;
}

/** A subscriber of a topic, with a container id and a link that come back. */
class Subscriber {
  readonly topic = name('topic');
  readonly containerId = name('container');
  readonly link = name('link');
  readonly #source: Source;
  #client: RawAmqp | null = null;

  constructor(source: Source) {
    this.#source = source;
  }

  get client(): RawAmqp {
    return this.#client!;
  }

  async attach(channel = 0): Promise<Record<string, unknown>> {
    if (this.#client === null) {
      this.#client = await connect({ containerId: this.containerId });
      await this.#client.begin();
    }
    if (channel > 0) await this.#client.begin({ channel });
    const address = `topic://${this.topic}`;
    const source = { address, ...this.#source };
    const attached = await this.#client.attachReceiver(address, {
      channel,
      name: this.link,
      source,
    });
    return attached.source;
  }

  /** Has the event happen, with all that it implies. */
  async pass(event: (typeof EVENTS)[number]): Promise<void> {
    if (event === 'link-detach') {
      this.client.send(amqp.detach({ handle: 0 }));
      await this.client.expect('detach', { closed: false });
    } else if (event === 'session-end') {
      this.client.send(amqp.end());
      await this.client.expect('end');
    } else {
      await this.client.close();
      this.#client = null;
    }
  }

  /** Whether a message that comes now is there for the next life of the link. */
  async keeps(channel = 0): Promise<boolean> {
    await fill(`topic://${this.topic}`, text('kept'));
    await this.attach(channel);
    this.client.send(
      amqp.flow({ channel, handle: 0, deliveryCount: 0, linkCredit: 1, drain: true }),
    );
    return isDelivered(this.client);
  }
}

/** All pairs, with what 3.5.6 says of them: whether the terminus exists after the event. */
const PAIRS = POLICIES.flatMap((expiryPolicy, policy) =>
  EVENTS.map((event, index) => [expiryPolicy, event, policy > index] as const),
);

describe('the terminus of a subscription', () => {
  test.each(PAIRS)('3.5.6 with %s, after %s, exists: %s', async (...row) => {
    const [expiryPolicy, event, exists] = row;
    const subscriber = new Subscriber({ expiryPolicy });
    await subscriber.attach();
    await subscriber.pass(event);
    // The session may be over, the connection is only after connection-close.
    const channel = event === 'session-end' ? 1 : 0;
    expect(await subscriber.keeps(channel)).toBe(exists);
  });

  test.each(PAIRS)('3.5.5 3.5.6 that is durable, with %s, after %s, exists: %s', async (...row) => {
    const [expiryPolicy, event, exists] = row;
    const subscriber = new Subscriber({ expiryPolicy, durable: 1 });
    await subscriber.attach();
    await subscriber.pass(event);
    const channel = event === 'session-end' ? 1 : 0;
    expect(await subscriber.keeps(channel)).toBe(exists);
  });

  test('3.5.6 without a policy ends with its session', async () => {
    const subscriber = new Subscriber({});
    expect(await subscriber.attach()).toMatchObject({ expiryPolicy: 'session-end' });
    await subscriber.pass('link-detach');
    expect(await subscriber.keeps()).toBe(true);
    await subscriber.pass('session-end');
    expect(await subscriber.keeps(1)).toBe(false);
  });

  test.each(EVENTS)(
    '2.8.5 3.5.3 %s starts the timeout, and an attach stops it',
    async (expiryPolicy) => {
      const subscriber = new Subscriber({ expiryPolicy, timeout: 60 });
      expect(await subscriber.attach()).toMatchObject({ timeout: 60 });
      fixture.server.skip(120 * SECOND);
      await subscriber.pass(expiryPolicy);
      fixture.server.skip(59 * SECOND);
      const channel = expiryPolicy === 'session-end' ? 1 : 0;
      expect(await subscriber.keeps(channel)).toBe(true);
      fixture.server.skip(120 * SECOND);
      if (channel > 0) {
        subscriber.client.send(amqp.end({ channel }));
        await subscriber.client.expect('end');
      } else await subscriber.pass(expiryPolicy);
      fixture.server.skip(61 * SECOND);
      expect(await subscriber.keeps(channel)).toBe(false);
    },
  );

  test('3.5.6 the timeout begins with the event of the policy, not before', async () => {
    const subscriber = new Subscriber({ expiryPolicy: 'session-end', timeout: 60 });
    await subscriber.attach();
    await subscriber.pass('link-detach');
    fixture.server.skip(120 * SECOND);
    expect(await subscriber.keeps()).toBe(true);
  });

  test('3.5.5 one that is durable survives a restart of the server, for its timeout', async () => {
    const subscriber = new Subscriber({
      expiryPolicy: 'connection-close',
      timeout: 60,
      durable: 2,
    });
    await subscriber.attach();
    await fixture.server.restart();
    const lost = new Subscriber({ expiryPolicy: 'connection-close', timeout: 60 });
    await lost.attach();
    await fill(`topic://${lost.topic}`, text('lost', { durable: true }));
    await fixture.server.restart();
    const again = new Again(subscriber);
    expect(await again.keeps()).toBe(true);
    expect(await new Again(lost).arrives()).toBe(false);
    await fixture.server.restart();
    fixture.server.skip(61 * SECOND);
    expect(await new Again(subscriber).arrives()).toBe(false);
  });

  test('3.5.5 one that ends with its connection does not survive a restart', async () => {
    const subscriber = new Subscriber({ expiryPolicy: 'connection-close', durable: 2 });
    await subscriber.attach();
    await fill(`topic://${subscriber.topic}`, text('a', { durable: true }));
    await fixture.server.restart();
    expect(await new Again(subscriber).arrives()).toBe(false);
  });

  test('2.6.5 3.5.6 a link that is closed leaves nothing behind, whatever its policy', async () => {
    for (const expiryPolicy of POLICIES) {
      const subscriber = new Subscriber({ expiryPolicy, timeout: 60, durable: 2 });
      await subscriber.attach();
      subscriber.client.send(amqp.detach({ handle: 0, closed: true }));
      await subscriber.client.expect('detach', { closed: true });
      expect(await subscriber.keeps()).toBe(false);
    }
  });

  test('3.5.3 a timeout beyond sessionExpiryMsMax is answered with that', async () => {
    const subscriber = new Subscriber({ timeout: 4_000_000_000 });
    expect(await subscriber.attach()).toMatchObject({ timeout: 3600 });
  });

  test('2.6.3 3.5.6 a receiver without a source is told the policy of its subscription', async () => {
    const subscriber = new Subscriber({
      expiryPolicy: 'connection-close',
      timeout: 60,
      durable: 2,
    });
    await subscriber.attach();
    await subscriber.pass('connection-close');
    const client = await connect({ containerId: subscriber.containerId });
    await client.begin();
    client.send(amqp.attach({ name: subscriber.link, role: true, target: {} }));
    const { source } = await client.expect('attach');
    expect(source).toMatchObject({ expiryPolicy: 'connection-close', timeout: 60, durable: 2 });
  });

  test('3.5.6 a shared one exists as long as one of its termini does', async () => {
    const topic = `topic://${name('topic')}`;
    const link = name('link');
    const containerId = name('container');
    const attach = async (number: number) => {
      const client = await connect({ containerId });
      await client.begin();
      const source = { address: topic, capabilities: ['topic', 'shared'], expiryPolicy };
      await client.attachReceiver(topic, { name: `${link}|${number}`, source });
      return client;
    };
    const expiryPolicy = 'connection-close';
    const [one, other] = [await attach(1), await attach(2)];
    for (const client of [one, other]) {
      client.send(amqp.detach({ handle: 0 }));
      await client.expect('detach');
    }
    await one.close();
    await fill(topic, text('kept'));
    const third = await attach(3);
    third.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    expect(receivedMessage((await third.expect('transfer')).payload).bare).toEqual(text('kept'));
  });
});

describe('what no terminus is', () => {
  test.each([
    ['3.5.6 an expiry-policy', { expiryPolicy: 'whenever' }],
    ['3.5.5 a durability', { durable: 3 }],
  ])('%s that nobody knows is refused', async (_, terminus) => {
    const client = await fixture.session();
    const address = name('queue');
    client.send(
      amqp.attach({ name: 'a', handle: 0, role: true, source: { address, ...terminus } }),
      amqp.attach({
        name: 'b',
        handle: 1,
        role: false,
        target: { address, ...terminus },
        initialDeliveryCount: 0,
      }),
    );
    for (const handle of [0, 1]) {
      await client.expect('attach', { handle });
      await client.expectDetach('amqp:invalid-field', handle);
    }
  });
});

/** The same subscriber, on another connection. */
class Again {
  readonly #former: Subscriber;

  constructor(former: Subscriber) {
    this.#former = former;
  }

  async keeps(): Promise<boolean> {
    await fill(`topic://${this.#former.topic}`, text('kept', { durable: true }));
    return this.arrives();
  }

  /** Whether there is a message. */
  async arrives(): Promise<boolean> {
    const { containerId, link, topic } = this.#former;
    const client = await connect({ containerId });
    await client.begin();
    const address = `topic://${topic}`;
    const source = { address, expiryPolicy: 'connection-close', timeout: 60, durable: 2 };
    await client.attachReceiver(address, { name: link, source });
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1, drain: true }));
    const arrived = await isDelivered(client);
    await client.close();
    return arrived;
  }
}
