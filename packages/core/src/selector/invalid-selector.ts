import { BrokerError } from '../errors.js';

/** @param at index of the character that the error is about */
export function invalidSelector(at: number, what: string): BrokerError {
  return new BrokerError('invalid-selector', `selector, character ${at + 1}: ${what}`);
}
