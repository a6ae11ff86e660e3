import { afterEach, describe, expect, test } from 'vitest';
import { useAmqpServer } from '../support/raw-amqp-fixture.js';
import { amqp } from '../support/raw-amqp-frames.js';
import { encodeMessage, text } from '../support/raw-amqp-message.js';
import { DescribedValue, decodeValues } from '../support/raw-amqp-values.js';
import { RawMqtt } from '../support/raw-mqtt.js';
import { useBystander } from './amqp-bystander.js';
import { RawStomp } from './raw-stomp.js';

const fixture = useAmqpServer();
useBystander(fixture);
const { connect, fill, name, session } = fixture;

const others: { destroy(): void }[] = [];
afterEach(() => {
  for (const other of others.splice(0)) other.destroy();
});

const SELECTOR = 0x468c00000004;

/** What every object has by these names is nothing to who asks for the name of something else. */
describe.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
  '%s is a name like any other',
  (odd) => {
    test('of a property that a selector looks at', async () => {
      const queue = name('queue');
      await fill(
        queue,
        encodeMessage({ applicationProperties: { a: 'x' }, value: 'without it' }),
        encodeMessage({ applicationProperties: { [odd]: 'x' }, value: 'with it' }),
      );
      const client = await session();
      const filter = { [odd]: new DescribedValue(SELECTOR, `${odd} = 'x'`) };
      const attached = await client.attachReceiver(queue, { source: { address: queue, filter } });
      expect(Object.keys(attached.source.filter)).toEqual([odd]);
      client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 10 }));
      const { payload } = await client.expect('transfer');
      expect(payload.toString('latin1')).toContain('with it');
      await client.expectSilence();
    });

    test('of a queue, a link, a container and whatever they have', async () => {
      const client = await connect({
        containerId: odd,
        desiredCapabilities: [odd],
        properties: { [odd]: odd },
      });
      await client.begin({ desiredCapabilities: [odd], properties: { [odd]: odd } });
      const more = { name: odd, desiredCapabilities: [odd], properties: { [odd]: odd } };
      await client.attachSender(`queue://${odd}`, { ...more, handle: 0 });
      await client.attachReceiver(`queue://${odd}`, { ...more, handle: 1 });
      client.send(amqp.flow({ handle: 1, deliveryCount: 0, linkCredit: 1 }));
      client.send(amqp.transfer({ deliveryId: 0, deliveryTag: odd, settled: true }, text(odd)));
      await client.expect('transfer', { handle: 1 });
    });

    test('of a subscription that outlives its client', async () => {
      const address = `topic://${odd}.${name('topic')}`;
      const source = { address, durable: 2, expiryPolicy: 'never' };
      const client = await connect({ containerId: odd });
      await client.begin();
      await client.attachReceiver(address, { name: odd, source });
      await client.drop();
      await fill(address, text('kept'));
      const again = await connect({ containerId: odd });
      await again.begin();
      await again.attachReceiver(address, { name: odd, source });
      again.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
      await again.expect('transfer');
      again.send(amqp.detach({ closed: true }));
      await again.expect('detach', { closed: true });
    });

    test('of what the other protocols call headers', async () => {
      const topic = name('topic');
      const { server } = fixture;
      const stomp = await RawStomp.login(server.stompPort);
      const mqtt = await RawMqtt.open(server.mqttPort);
      others.push(stomp, mqtt);
      stomp.send(`SUBSCRIBE\nid:1\ndestination:/topic/${topic}\n\n^`);
      await stomp.handled();
      await mqtt.login({ clientId: name('mqtt') });
      await mqtt.subscribe(topic);
      const client = await session();
      await client.attachReceiver(`topic://${topic}`);
      client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 10 }));
      await client.expectSilence();
      const message = encodeMessage({
        messageAnnotations: { [odd]: 'x', [`x-opt-${odd}`]: 'x' },
        applicationProperties: { [odd]: 'x' },
        value: 'from AMQP',
      });
      await fill(`topic://${topic}`, message);
      const { payload } = await client.expect('transfer');
      expect(payload.subarray(-message.length)).toEqual(message);
      await stomp.until(() => stomp.text.includes('from AMQP'));
      expect(stomp.text).toContain(`\n${odd}:x\n`);
      const { properties } = await mqtt.expect('publish', { payload: 'from AMQP' });
      expect(properties).toContainEqual(['userProperty', [odd, 'x']]);

      stomp.send(`SEND\ndestination:/topic/${topic}\n${odd}:y\n\nfrom STOMP^`);
      const converted = await client.expect('transfer');
      expect(decodeValues(converted.payload)).toContainEqual(
        expect.objectContaining({ value: new Map([[odd, 'y']]) }),
      );
    });

    test('of the reason why a message is refused', async () => {
      const queue = name('queue');
      await fill(queue, text('refused'));
      const client = await session();
      await client.attachReceiver(queue, { handle: 0 });
      client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
      await client.expect('transfer');
      const error = { condition: odd, description: odd, info: { [odd]: odd } };
      const state = { kind: 'rejected', error } as const;
      client.send(amqp.disposition({ role: true, first: 0, settled: true, state }));
      await client.attachReceiver('DLQ', { handle: 1 });
      client.send(amqp.flow({ handle: 1, nextIncomingId: 1, deliveryCount: 0, linkCredit: 1 }));
      const { payload } = await client.expect('transfer', { handle: 1 });
      expect(payload.toString('latin1')).toContain(`${odd}: ${odd}`);
      client.send(
        amqp.disposition({ role: true, first: 1, settled: true, state: { kind: 'accepted' } }),
      );
      await client.expectSilence();
    });
  },
);
