import type { Message } from '../message.js';

/** A condition on a message's header fields and properties (JMS 2.0, 3.8). */
export interface Selector {
  /** What it was compiled from. */
  readonly text: string;
  /** Whether the condition is true; one that is false or unknown does not match. */
  matches(message: Message): boolean;
}
