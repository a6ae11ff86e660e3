import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp } from '../../support/raw-amqp-frames.js';

const CREDIT = 20;
const { name, session } = useAmqpServer({ limits: { linkCredit: CREDIT } });

const LAST = 0xffff_ffff;
const TRANSFER_LIMIT = 'amqp:link:transfer-limit-exceeded';
const body = (text: string): Buffer =>
  Buffer.from(`\0\x53\x75\xa0${String.fromCharCode(text.length)}${text}`, 'latin1');

describe('credit that the server gives', () => {
  /** A sender with this initial delivery-count, and the credit it was given. */
  async function sender(initialDeliveryCount: number): Promise<RawAmqp> {
    const client = await session();
    const flow = await client.attachSender(name('queue'), { initialDeliveryCount });
    expect(flow).toMatchObject({ deliveryCount: initialDeliveryCount, linkCredit: CREDIT });
    return client;
  }

  function transfer(id: number, more = false): Buffer {
    return amqp.transfer({ deliveryId: id, deliveryTag: `${id}`, settled: false, more }, body('a'));
  }

  test.each([0, 1, 1000, 0x7fff_ffff, 0x8000_0000, LAST - 5, LAST])(
    '2.6.7 2.8.10 a delivery-count may begin at %d',
    async (initial) => {
      const client = await sender(initial);
      let limit = CREDIT;
      for (let id = 0; id < 100; id++) {
        client.send(transfer(id));
        for (;;) {
          const frame = await client.next();
          if (frame.kind === 'disposition') break;
          expect(frame).toMatchObject({ kind: 'flow', handle: 0 });
          const sent = (frame.deliveryCount - initial) >>> 0;
          // The flow may have been on its way behind the answer to the delivery before.
          expect([id, id + 1]).toContain(sent);
          limit = sent + frame.linkCredit;
        }
        expect(limit).toBeGreaterThan(id + 1);
      }
    },
  );

  test('2.6.7 2.8.18 a delivery without credit ends the link', async () => {
    const client = await sender(0);
    const durable = Buffer.concat([Buffer.from('005370c0020141', 'hex'), body('a')]);
    const transfers = Array.from({ length: CREDIT + 1 }, (_, id) =>
      amqp.transfer({ deliveryId: id, deliveryTag: `${id}` }, durable),
    );
    // All at once: none of them is stored, so none is answered, before the last is there.
    client.send(...transfers);
    await client.expectDetach(TRANSFER_LIMIT);
    const accepted = new Set<number>();
    while (accepted.size < CREDIT) {
      const { first, last } = await client.expect('disposition', { state: { kind: 'accepted' } });
      for (let id = first; id <= last; id++) accepted.add(id);
    }
    client.send(amqp.detach({ closed: true }));
    await client.expectSilence();
    expect(Math.max(...accepted)).toBe(CREDIT - 1);
  });

  test('2.6.7 an aborted delivery uses credit, which comes back', async () => {
    const client = await sender(0);
    for (let id = 0; id < CREDIT * 2; id++) {
      client.send(amqp.transfer({ deliveryId: id, deliveryTag: `${id}`, aborted: true }));
    }
    let last = await client.expect('flow');
    while (last.deliveryCount < CREDIT * 2 - CREDIT / 2) last = await client.expect('flow');
    expect(last.deliveryCount + last.linkCredit).toBeGreaterThan(CREDIT * 2);
  });

  test('2.6.7 a sender may use credit up without messages', async () => {
    const client = await sender(0);
    client.send(amqp.flow({ handle: 0, deliveryCount: CREDIT, linkCredit: 0 }));
    await client.expect('flow', { deliveryCount: CREDIT, linkCredit: CREDIT });
    client.send(transfer(0));
    await client.expect('disposition', { first: 0 });
  });

  test('2.6.7 a sender that counts backwards gets no credit by it', async () => {
    const client = await sender(1000);
    for (let round = 0; round < 5; round++) {
      client.send(amqp.flow({ handle: 0, deliveryCount: 1000 - 100 * round, linkCredit: 0 }));
    }
    client.send(amqp.flow({ handle: 0, deliveryCount: 1000, echo: true }));
    const flow = await client.expect('flow', { handle: 0 });
    expect((flow.deliveryCount + flow.linkCredit) >>> 0).toBeLessThanOrEqual(1000 + CREDIT);
    expect(flow.linkCredit).toBeLessThanOrEqual(CREDIT);
  });

  test('2.6.7 a sender that counts beyond its credit has none left', async () => {
    const client = await sender(0);
    client.send(amqp.flow({ handle: 0, deliveryCount: 0x7000_0000, linkCredit: 0, echo: true }));
    const flow = await client.expect('flow', { handle: 0 });
    expect(flow).toMatchObject({ deliveryCount: 0x7000_0000, linkCredit: CREDIT });
  });
});
