import { CONVERTING_PREFIX, compileSelector, type Selector } from '@causeway/core';
import type { StompClient } from './client.js';
import type { Frame } from './codec/frame.js';

/**
 * The `selector` header of a SUBSCRIBE frame, or null. Every property that a STOMP client sets is a
 * text, so that texts stand for numbers in its selectors, as in ActiveMQ; JMS itself forbids that.
 * @throws BrokerError `invalid-selector`
 */
export function readSelector({ broker }: StompClient, frame: Frame): Selector | null {
  const text = (frame.text('selector') ?? '').trim();
  if (text === '') return null;
  const converting = text.startsWith(CONVERTING_PREFIX) ? text : CONVERTING_PREFIX + text;
  return compileSelector(converting, broker.formats, broker.limits);
}
