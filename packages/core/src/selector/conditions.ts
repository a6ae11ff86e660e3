import type { Evaluate, Truth } from './selector-value.js';

// The tables of JMS 2.0, 3.8.1.2.

/** False as soon as an operand is, unknown when one is. */
export function and(operands: readonly Evaluate<Truth>[]): Evaluate<Truth> {
  return (message) => {
    let truth: Truth = true;
    for (const operand of operands) {
      const value = operand(message);
      if (value === false) return false;
      if (value === null) truth = null;
    }
    return truth;
  };
}

/** True as soon as an operand is, unknown when one is. */
export function or(operands: readonly Evaluate<Truth>[]): Evaluate<Truth> {
  return (message) => {
    let truth: Truth = false;
    for (const operand of operands) {
      const value = operand(message);
      if (value === true) return true;
      if (value === null) truth = null;
    }
    return truth;
  };
}

export function not(operand: Evaluate<Truth>): Evaluate<Truth> {
  return (message) => {
    const value = operand(message);
    return value === null ? null : !value;
  };
}
