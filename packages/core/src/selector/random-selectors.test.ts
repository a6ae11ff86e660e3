import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BrokerError } from '../errors.js';
import { compile, selectable, truthOf } from './testing/selectable.js';

const RUNS = { seed: 1, numRuns: 2000 };

const words = fc.constantFrom(
  ...['NOT', 'AND', 'OR', 'BETWEEN', 'LIKE', 'IN', 'IS', 'NULL', 'ESCAPE', 'TRUE', 'FALSE'],
  ...['(', ')', ',', '=', '<>', '<', '<=', '>', '>=', '+', '-', '*', '/', "'", '"', '.'],
  ...['a', 'b', 'JMSPriority', '1', '2.5', '0x1', '09', "'x'", "'%'", '"q"', '#', '\u{1f600}'],
);
const values = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(new Uint8Array(3)),
);

test('whatever the text, there is a selector or an error that says why not', () => {
  const texts = fc.oneof(
    fc.array(words, { maxLength: 20 }).map((parts) => parts.join(' ')),
    fc.string(),
  );
  fc.assert(
    fc.property(texts, fc.boolean(), values, values, (text, converts, a, b) => {
      let selector: ReturnType<typeof compile>;
      try {
        selector = compile(converts ? `convert_string_expressions:${text}` : text);
      } catch (error) {
        expect(error).toBeInstanceOf(BrokerError);
        expect((error as BrokerError).code).toBe('invalid-selector');
        return;
      }
      expect(typeof selector.matches(selectable({ a, b }))).toBe('boolean');
    }),
    RUNS,
  );
});

/** Conditions that are valid, as text. */
const { condition } = fc.letrec<{ number: string; condition: string }>((tie) => ({
  number: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('a', 'b', '1', '-2', '2.5', '0'),
    fc
      .tuple(tie('number'), fc.constantFrom('+', '-', '*', '/'), tie('number'))
      .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
  ),
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('a', "a = 'x'", "a LIKE '%x_'", 'b IS NULL', "a NOT IN ('x', 'y')", 'TRUE'),
    fc
      .tuple(tie('number'), fc.constantFrom('=', '<>', '<', '<=', '>', '>='), tie('number'))
      .map(([left, operator, right]) => `${left} ${operator} ${right}`),
    fc
      .tuple(tie('number'), tie('number'), tie('number'))
      .map(([value, low, high]) => `${value} BETWEEN ${low} AND ${high}`),
    tie('condition').map((operand) => `NOT (${operand})`),
    fc
      .tuple(tie('condition'), fc.constantFrom('AND', 'OR'), tie('condition'))
      .map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
  ),
}));

test('the laws of De Morgan hold for three values', () => {
  fc.assert(
    fc.property(condition, condition, values, values, (left, right, a, b) => {
      const properties = { a, b };
      const both = truthOf(`(${left}) AND (${right})`, properties);
      const negated = truthOf(`NOT (NOT (${left}) OR NOT (${right}))`, properties);
      expect(both).toBe(negated);
    }),
    RUNS,
  );
});
