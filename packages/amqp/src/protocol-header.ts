/** Part 2.2: eight bytes with which either side says what it speaks from here on. */
export const PROTOCOL_HEADER_BYTES = 8;

const ID = { amqp: 0, tls: 2, sasl: 3 } as const;

const header = (id: number): Buffer => Buffer.from([0x41, 0x4d, 0x51, 0x50, id, 1, 0, 0]);
export const AMQP_HEADER = header(ID.amqp);
export const SASL_HEADER = header(ID.sasl);

/** What a protocol header asks for: `other` is AMQP of a version or security layer not served. */
export type ProtocolHeader = 'amqp' | 'sasl' | 'other' | 'not-amqp';

/** Reads the header at `start`; all its bytes are there. */
export function readProtocolHeader(view: Buffer, start: number): ProtocolHeader {
  if (view.toString('latin1', start, start + 4) !== 'AMQP') return 'not-amqp';
  if (view.compare(AMQP_HEADER, 0, 8, start, start + 8) === 0) return 'amqp';
  return view.compare(SASL_HEADER, 0, 8, start, start + 8) === 0 ? 'sasl' : 'other';
}

/** What the client spoke and what its user can do, for the log: 0-9-1 clients above all. */
export function describeHeader(view: Buffer, start: number): { version: string; fix: string } {
  const [id, major, minor, revision] = view.subarray(start + 4, start + 8) as unknown as number[];
  if (id === 0 && major === 0 && minor === 9) {
    return {
      version: `AMQP 0-9-${revision}`,
      fix: 'this client speaks AMQP 0-9-1 (RabbitMQ): use a client for AMQP 1.0, MQTT or STOMP',
    };
  }
  if (id === 1 && major === 1) {
    return { version: 'AMQP 0-8 or 0-9', fix: 'use a client for AMQP 1.0, MQTT or STOMP' };
  }
  if (id === ID.tls) {
    return {
      version: 'AMQP 1.0 with TLS negotiated inside',
      fix: 'connect to a listener with TLS, such as amqps:// on port 5671',
    };
  }
  return {
    version: `AMQP protocol ${id}, version ${major}.${minor}.${revision}`,
    fix: 'use a client for AMQP 1.0',
  };
}
