import { describe, expect, test } from 'vitest';
import { usePeers } from './peer-fixture.js';
import { PAIRS_WITH_FIELDS, type Place } from './protocol-peer.js';

const { open } = usePeers();
let names = 0;

describe.each(PAIRS_WITH_FIELDS)('$from asks $to over $carrier', ({ from, to, carrier }) => {
  test('requests are answered at a destination that belongs to who asks', async () => {
    const requests: Place = { kind: 'queue', levels: ['requests', String(++names)] };
    const service = await open(to, carrier);
    await service.subscribe(requests);
    const client = await open(from, carrier);
    const replyTo = await client.openAnswers();
    for (const correlationId of ['first', Buffer.of(0, 0xff), Buffer.from([7, 13])]) {
      await client.send(requests, { body: 'ask', fields: { replyTo, correlationId } });
      const { fields, body } = await service.arrivals.next();
      expect(body.toString()).toBe('ask');
      // The service repeats what it was given, in its own words and types.
      const { correlationId: given } = fields;
      await service.send(fields.replyTo!, { body: 'answer', fields: { correlationId: given } });
      const answer = await client.arrivals.next();
      expect(answer.body.toString()).toBe('answer');
      const returned = answer.fields.correlationId;
      // MQTT has correlation data of bytes alone.
      if (from === 'MQTT 5') expect(returned).toEqual(Buffer.from(correlationId as string));
      else expect(returned).toEqual(correlationId);
    }
  });
});
