import type { Message } from '../message.js';

/**
 * What an expression is worth: null for SQL's NULL, which as a condition is unknown. Bytes are a
 * value that nothing compares with.
 */
export type SelectorValue = string | number | bigint | boolean | Uint8Array | null;

/** True, false or unknown (JMS 2.0, 3.8.1.2). */
export type Truth = boolean | null;

export type Evaluate<Value extends SelectorValue = SelectorValue> = (message: Message) => Value;
