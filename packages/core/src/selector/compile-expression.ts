import type { Formats } from '../format.js';
import { calculate, negate } from './arithmetic.js';
import { compare, compareConverting, isNumeric } from './comparison.js';
import { and, not, or } from './conditions.js';
import { readerOf } from './identifier.js';
import { likePattern } from './like-pattern.js';
import type { Evaluate, SelectorValue, Truth } from './selector-value.js';
import type { Expression } from './syntax.js';
import { textToBoolean, textToNumber } from './text-conversion.js';

type Arithmetic = Extract<Expression, { kind: 'arithmetic' }>;
type Between = Extract<Expression, { kind: 'between' }>;
type In = Extract<Expression, { kind: 'in' }>;
type Like = Extract<Expression, { kind: 'like' }>;
type Numeric = number | bigint;

/** Turns expressions into functions that call each other. */
export class ExpressionCompiler {
  readonly #formats: Formats;
  readonly #converts: boolean;
  readonly #compare: typeof compare;

  /** @param converts whether a text may stand for a number or a boolean */
  constructor(formats: Formats, converts: boolean) {
    this.#formats = formats;
    this.#converts = converts;
    this.#compare = converts ? compareConverting : compare;
  }

  /** @throws BrokerError `invalid-selector` */
  condition(expression: Expression): Evaluate<Truth> {
    switch (expression.kind) {
      case 'comparison': {
        const { operator } = expression;
        const [left, right] = [this.#value(expression.left), this.#value(expression.right)];
        const compared = this.#compare;
        return (message) => compared(operator, left(message), right(message));
      }
      case 'between':
        return this.#between(expression);
      case 'in':
        return this.#in(expression);
      case 'like':
        return this.#like(expression);
      case 'null': {
        const { negated } = expression;
        const value = this.#value(expression.value);
        return (message) => (value(message) === null) !== negated;
      }
      case 'not':
        return not(this.condition(expression.operand));
      case 'and':
        return and(expression.operands.map((operand) => this.condition(operand)));
      case 'or':
        return or(expression.operands.map((operand) => this.condition(operand)));
      default:
        return this.#boolean(this.#value(expression));
    }
  }

  #value(expression: Expression): Evaluate {
    switch (expression.kind) {
      case 'literal': {
        const { value } = expression;
        return () => value;
      }
      case 'identifier':
        return readerOf(expression.name, expression.at, this.#formats);
      case 'negative': {
        const operand = this.#number(expression.operand);
        return (message) => {
          const value = operand(message);
          return value === null ? null : negate(value);
        };
      }
      case 'arithmetic':
        return this.#arithmetic(expression);
      default:
        return this.condition(expression);
    }
  }

  /** Anything but a boolean is neither true nor false. */
  #boolean(value: Evaluate): Evaluate<Truth> {
    const converts = this.#converts;
    return (message) => {
      const truth = value(message);
      if (converts && typeof truth === 'string') return textToBoolean(truth);
      return typeof truth === 'boolean' ? truth : null;
    };
  }

  /** Nothing can be computed with what is no number: the result is NULL. */
  #number(expression: Expression): Evaluate<Numeric | null> {
    const converts = this.#converts;
    const value = this.#value(expression);
    return (message) => {
      const number: SelectorValue = value(message);
      if (isNumeric(number)) return number;
      return converts && typeof number === 'string' ? textToNumber(number) : null;
    };
  }

  #arithmetic(expression: Arithmetic): Evaluate<Numeric | null> {
    const first = this.#number(expression.first);
    const steps = expression.steps.map(({ operator, operand }) => ({
      operator,
      operand: this.#number(operand),
    }));
    return (message) => {
      let result = first(message);
      for (const { operator, operand } of steps) {
        const right = operand(message);
        if (result === null || right === null) return null;
        result = calculate(operator, result, right);
      }
      return result;
    };
  }

  /** Each is what JMS says it is the same as: `>= AND <=`, and `< OR >`. */
  #between(expression: Between): Evaluate<Truth> {
    const value = this.#value(expression.value);
    const low = this.#value(expression.low);
    const high = this.#value(expression.high);
    const compared = this.#compare;
    return expression.negated
      ? or([
          (message) => compared('<', value(message), low(message)),
          (message) => compared('>', value(message), high(message)),
        ])
      : and([
          (message) => compared('>=', value(message), low(message)),
          (message) => compared('<=', value(message), high(message)),
        ]);
  }

  #in(expression: In): Evaluate<Truth> {
    const options = new Set(expression.options);
    return this.#ofString(expression, (text) => options.has(text));
  }

  #like(expression: Like): Evaluate<Truth> {
    const { pattern, escapeCharacter, at } = expression;
    return this.#ofString(expression, likePattern(pattern, escapeCharacter, at));
  }

  /** A value that is no string is not of the same type: then the condition is false, either way. */
  #ofString(expression: In | Like, test: (text: string) => boolean): Evaluate<Truth> {
    const { negated } = expression;
    const value = this.#value(expression.value);
    return (message) => {
      const text = value(message);
      if (text === null) return null;
      return typeof text === 'string' && test(text) !== negated;
    };
  }
}
