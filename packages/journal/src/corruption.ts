import { BrokerError } from '@causeway/core';
import { WireError } from '@causeway/wire';
import { isIntact } from './checksum.js';

/** The error for a store that must not be served, with what to do about it. */
export function corrupt(location: string, what: string, cause?: unknown): BrokerError {
  return new BrokerError(
    'storage-corrupt',
    `the store in ${location} is damaged: ${what}; restore the folder from a backup, or keep it ` +
      'aside and start with an empty one',
    cause,
  );
}

/**
 * Decodes a record that the store cannot do without.
 * @throws BrokerError `storage-corrupt` that names it
 */
export function mustDecode<T>(
  store: { readonly location: string },
  name: string,
  key: Buffer,
  value: Buffer,
  decode: (value: Buffer) => T,
): T {
  if (!isIntact(key, value)) {
    throw corrupt(store.location, `the checksum of ${name} is wrong`);
  }
  try {
    return decode(value);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw corrupt(store.location, `${name} cannot be read: ${error.message}`, error);
  }
}
