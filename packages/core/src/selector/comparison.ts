import type { SelectorValue, Truth } from './selector-value.js';
import type { ComparisonOperator } from './syntax.js';
import { alignTypes, textToNumber } from './text-conversion.js';

/**
 * Compares values of one type (JMS 2.0, 3.8.1.1): the result is unknown when one is NULL, false
 * when their types differ, and false when strings or booleans are asked for their order.
 */
export function compare(
  operator: ComparisonOperator,
  left: SelectorValue,
  right: SelectorValue,
): Truth {
  if (left === null || right === null) return null;
  if (isNumeric(left)) return isNumeric(right) && compareNumbers(operator, left, right);
  if (typeof left !== typeof right || typeof left === 'object') return false;
  if (operator === '=') return left === right;
  return operator === '<>' && left !== right;
}

/** The same where a text may stand for a number or a boolean. */
export function compareConverting(
  operator: ComparisonOperator,
  left: SelectorValue,
  right: SelectorValue,
): Truth {
  if (typeof left === 'string' && typeof right === 'string') {
    if (operator === '=' || operator === '<>') return compare(operator, left, right);
    return compare(operator, textToNumber(left) ?? left, textToNumber(right) ?? right);
  }
  return compare(operator, alignTypes(left, right), alignTypes(right, left));
}

export function isNumeric(value: SelectorValue): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** JavaScript orders numbers and bigints by their exact values. */
function compareNumbers(
  operator: ComparisonOperator,
  left: number | bigint,
  right: number | bigint,
): boolean {
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '=':
      return left <= right && left >= right;
    case '<>':
      return !(left <= right && left >= right);
  }
}
