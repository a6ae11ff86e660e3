import type { BrokerError } from '@causeway/core';
import { SASL_CODE } from './codec/types.js';

/** Part 5.3.3.6: what the outcome of a login that failed is called. */
export function saslCodeOf({ code }: BrokerError): number {
  switch (code) {
    case 'not-authenticated':
    case 'not-authorized':
      return SASL_CODE.auth;
    // The client may try again, here or elsewhere.
    case 'server-busy':
    case 'not-active':
    case 'shutting-down':
    case 'quota-exceeded':
    case 'rate-exceeded':
      return SASL_CODE.sysTemp;
    default:
      return SASL_CODE.sys;
  }
}
