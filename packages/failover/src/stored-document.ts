import { CHECKSUM_BYTES, corrupt, isIntact, sealValue } from '@causeway/journal';

/** The value of a record that is JSON. */
export function encodeStored(key: Buffer, document: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(document));
  const value = Buffer.concat([Buffer.alloc(CHECKSUM_BYTES), text]);
  sealValue(key, value);
  return value;
}

/** @throws BrokerError `storage-corrupt` */
export function decodeStored<T>(location: string, key: Buffer, value: Buffer): T {
  if (!isIntact(key, value))
    throw corrupt(location, `the record ${key.toString('hex')} is damaged`);
  return JSON.parse(value.toString('utf8', CHECKSUM_BYTES)) as T;
}
