import { WireError } from '@causeway/wire';
import { BrokerError } from '../errors.js';
import type { Formats } from '../format.js';
import type { Limits } from '../limits.js';
import type { Message } from '../message.js';
import { ExpressionCompiler } from './compile-expression.js';
import { parseSelector } from './parser.js';
import type { Selector } from './selector.js';
import type { Evaluate, Truth } from './selector-value.js';

/**
 * Before a selector it says, as in ActiveMQ, that a text may stand for a number or a boolean where
 * one is asked for: `price > 10` is true of the text `12`. JMS itself forbids that.
 */
export const CONVERTING_PREFIX = 'convert_string_expressions:';

/**
 * Compiles a selector: an SQL-92 condition as JMS defines it (2.0, 3.8.1), once, for any number of
 * messages.
 * @throws BrokerError `invalid-selector`, with the place and what was expected there
 */
export function compileSelector(
  text: string,
  formats: Formats,
  limits: Pick<Limits, 'selectorBytesMax'>,
): Selector {
  const bytesMax = limits.selectorBytesMax;
  if (Buffer.byteLength(text) > bytesMax) {
    throw new BrokerError('invalid-selector', `the selector is longer than ${bytesMax} bytes`);
  }
  const converts = text.startsWith(CONVERTING_PREFIX);
  const expression = parseSelector(converts ? text.slice(CONVERTING_PREFIX.length) : text);
  return new CompiledSelector(
    text,
    new ExpressionCompiler(formats, converts).condition(expression),
  );
}

class CompiledSelector implements Selector {
  readonly text: string;
  readonly #evaluate: Evaluate<Truth>;

  constructor(text: string, evaluate: Evaluate<Truth>) {
    this.text = text;
    this.#evaluate = evaluate;
  }

  matches(message: Message): boolean {
    try {
      return this.#evaluate(message) === true;
    } catch (error) {
      // What cannot be read has no properties that could match.
      if (error instanceof BrokerError || error instanceof WireError) return false;
      throw error;
    }
  }
}
