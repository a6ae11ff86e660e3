import { BrokerError, type Limits } from '@causeway/core';
import { parseDecimalText } from './codec/digits.js';

/** How often an engine is asked to look at the time. */
const TICK_MS = 1000;
/** A client whose input waits because of the broker is given so much more time. */
const HELD_UP_FACTOR = 10;
/** Intervals are agreed in numbers that timers can hold. */
const INTERVAL_MS_MAX = 0x7fffffff;

/** What both sides agreed to: milliseconds, or 0 for none. */
export interface HeartBeatPlan {
  /** The broker sends at least this often. */
  readonly sendMs: number;
  /** The client sends at least this often. */
  readonly expectMs: number;
}

/**
 * STOMP 1.2, Heart-beating: each direction beats at the slower of what one side can do and the
 * other wants, and not at all when either is 0.
 * @param header of the CONNECT frame
 */
export function planHeartBeat(header: string | undefined, limits: Limits): HeartBeatPlan {
  if (header === undefined) return { sendMs: 0, expectMs: 0 };
  const numbers = header.split(',').map((part) => parseDecimalText(part.trim()));
  const [can, wants] = numbers;
  if (numbers.length !== 2 || can === undefined || wants === undefined || can < 0 || wants < 0) {
    throw new BrokerError('malformed', 'heart-beat is two numbers of milliseconds');
  }
  const offered = limits.heartBeatMs;
  return { sendMs: slower(offered, wants), expectMs: slower(offered, can) };
}

function slower(left: number, right: number): number {
  return left === 0 || right === 0 ? 0 : Math.min(INTERVAL_MS_MAX, Math.max(left, right));
}

/** Watches the time of one connection. Nothing here runs per message: two flags tell of traffic. */
export class HeartBeat {
  readonly plan: HeartBeatPlan;
  readonly #silenceMsMax: number;
  #sentAt: number;
  #heardAt: number;
  #checkedAt: number;

  constructor(plan: HeartBeatPlan, limits: Limits, nowMs: number) {
    this.plan = plan;
    this.#silenceMsMax = plan.expectMs * limits.heartBeatGraceFactor + TICK_MS;
    this.#sentAt = nowMs;
    this.#heardAt = nowMs;
    this.#checkedAt = nowMs;
  }

  /** Whether the interval is too short for the engine's ticks. */
  get needsTimer(): boolean {
    return this.plan.sendMs > 0 && this.plan.sendMs < 4 * TICK_MS;
  }

  /** How often to look. */
  get checkEveryMs(): number {
    return this.needsTimer ? Math.max(1, Math.floor(this.plan.sendMs / 4)) : TICK_MS;
  }

  /**
   * @param heard something came since the last call
   * @param wrote something was written since the last call
   * @param heldUp the transport may not be reading what the client sends
   */
  check(
    nowMs: number,
    heard: boolean,
    wrote: boolean,
    heldUp: boolean,
  ): 'nothing' | 'beat' | 'silent' {
    const elapsed = Math.max(nowMs - this.#checkedAt, this.checkEveryMs);
    // What was written since the last check may have left right after it.
    if (wrote) this.#sentAt = this.#checkedAt;
    if (heard) this.#heardAt = nowMs;
    this.#checkedAt = nowMs;
    const { sendMs, expectMs } = this.plan;
    const silenceMsMax = heldUp ? this.#silenceMsMax * HELD_UP_FACTOR : this.#silenceMsMax;
    if (expectMs > 0 && nowMs - this.#heardAt > silenceMsMax) return 'silent';
    // The next check may be late by as much as this one was.
    if (sendMs === 0 || nowMs - this.#sentAt + elapsed * 1.5 < sendMs) return 'nothing';
    this.#sentAt = nowMs;
    return 'beat';
  }
}
