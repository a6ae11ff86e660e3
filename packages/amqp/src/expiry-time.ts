import { type MessageLayout, readAbsoluteExpiryTime } from './codec/message-sections.js';
import { ABSENT } from './codec/types.js';

/**
 * When a message expires, in milliseconds since 1970; 0 for never. It is no longer live when its
 * `ttl` is over (part 3.2.1), and expired at its `absolute-expiry-time` (part 3.2.4): the earlier of
 * both counts. Neither says anything when it is 0 or less, which some clients write for never.
 */
export function expiresAtOf(view: Buffer, layout: MessageLayout, nowMs: number): number {
  const { ttl, properties } = layout;
  const absolute = properties === ABSENT ? 0 : Math.max(0, readAbsoluteExpiryTime(view, layout));
  if (ttl <= 0) return absolute;
  return absolute === 0 ? nowMs + ttl : Math.min(nowMs + ttl, absolute);
}
