import { invalidSelector } from './invalid-selector.js';
import type { Expression, Identifier } from './syntax.js';

/** What is known of an expression before there is a message; a property may be of any type. */
type StaticType = 'string' | 'number' | 'boolean' | 'any';

/** @throws BrokerError `invalid-selector` when the expression can be neither true nor false */
export function requireCondition(expression: Expression): Expression {
  return require(expression, 'boolean', 'expected a condition');
}

/** @throws BrokerError `invalid-selector` when it can be no number */
export function requireNumber(expression: Expression): Expression {
  return require(expression, 'number', 'expected a number');
}

export function requireIdentifier(expression: Expression): Identifier {
  if (expression.kind === 'identifier') return expression;
  throw invalidSelector(expression.at, 'expected the name of a property here');
}

function require(expression: Expression, wanted: StaticType, what: string): Expression {
  const type = typeOf(expression);
  if (type === wanted || type === 'any') return expression;
  throw invalidSelector(
    expression.at,
    `${what}, found a ${type === 'boolean' ? 'condition' : type}`,
  );
}

function typeOf(expression: Expression): StaticType {
  switch (expression.kind) {
    case 'identifier':
      return 'any';
    case 'literal':
      return typeof expression.value === 'bigint'
        ? 'number'
        : (typeof expression.value as 'string' | 'number' | 'boolean');
    case 'negative':
    case 'arithmetic':
      return 'number';
    default:
      return 'boolean';
  }
}
