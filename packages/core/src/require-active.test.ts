import { expect, test } from 'vitest';
import type { BrokerRole } from './broker-api.js';
import { BrokerError } from './errors.js';
import { NotActiveError, requireActive } from './require-active.js';

const SINK = { secure: false, webSocketProtocol: null };

function refusal(
  role: BrokerRole,
  sink: typeof SINK | { secure: boolean; webSocketProtocol: string },
) {
  const elsewhere = (listener: string) => (listener === 'any' ? null : `${listener}.example:1`);
  try {
    requireActive({ role, elsewhere }, 'mqtt', sink);
    return null;
  } catch (error) {
    return error;
  }
}

test('an active broker turns nobody away', () => {
  expect(refusal('active', SINK)).toBeNull();
});

test('a broker that starts or stops says so', () => {
  expect(refusal('starting', SINK)).toMatchObject({ code: 'not-active' });
  expect(refusal('stopping', SINK)).toMatchObject({ code: 'shutting-down' });
});

test.each([
  [SINK, 'mqtt.example:1'],
  [{ ...SINK, secure: true }, 'mqtts.example:1'],
  [{ secure: true, webSocketProtocol: 'mqtt' }, 'wss.example:1'],
])('a standby says where others are served: %o', (sink, address) => {
  const error = refusal('standby', sink);
  expect(error).toBeInstanceOf(NotActiveError);
  expect(error).toMatchObject({ elsewhere: address, message: expect.stringContaining(address) });
});

test('a standby that knows nobody says that', () => {
  const broker = { role: 'standby' as const, elsewhere: () => null };
  expect(() => requireActive(broker, 'stomp', SINK)).toThrow(BrokerError);
  expect(() => requireActive(broker, 'stomp', SINK)).toThrow('another broker may serve');
});
