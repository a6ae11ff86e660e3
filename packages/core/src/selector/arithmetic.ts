import { isExact, wrapLong } from './exact-number.js';
import type { ArithmeticOperator } from './syntax.js';

type Numeric = number | bigint;

/**
 * Computes as Java does after numeric promotion (JMS 2.0, 3.8.1.1): in 64 bits when both operands
 * are exact, so that `7 / 2` is 3, else in floating point.
 * @returns null for an exact division by zero, which has no value
 */
export function calculate(
  operator: ArithmeticOperator,
  left: Numeric,
  right: Numeric,
): Numeric | null {
  if (!isExact(left) || !isExact(right)) return approximate(operator, Number(left), Number(right));
  if (operator === '/' && !right) return null;
  if (typeof left === 'number' && typeof right === 'number') {
    const result = approximate(operator, left, right);
    const whole = operator === '/' ? Math.trunc(result) : result;
    if (Number.isSafeInteger(whole)) return whole;
  }
  return exact(operator, BigInt(left), BigInt(right));
}

export function negate(value: Numeric): Numeric {
  return typeof value === 'bigint' ? wrapLong(-value) : -value;
}

function approximate(operator: ArithmeticOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
  }
}

function exact(operator: ArithmeticOperator, left: bigint, right: bigint): Numeric {
  switch (operator) {
    case '+':
      return wrapLong(left + right);
    case '-':
      return wrapLong(left - right);
    case '*':
      return wrapLong(left * right);
    case '/':
      return wrapLong(left / right);
  }
}
