import type { Limits } from '@causeway/core';

/** The Session Expiry Interval of a session that never ends [MQTT 5 3.1.2.11.2]. */
const NEVER_SECONDS = 0xffffffff;

/** How long a session outlives its connection, within the limit. */
export function expiryMsOf(seconds: number, limits: Limits): number {
  const wanted = seconds === NEVER_SECONDS ? Number.POSITIVE_INFINITY : seconds * 1000;
  return Math.min(wanted, limits.sessionExpiryMsMax);
}
