import { exactNumber, fitsLong } from './exact-number.js';
import { invalidSelector } from './invalid-selector.js';
import { readTokens } from './lexer.js';
import type {
  ArithmeticOperator,
  ArithmeticStep,
  ComparisonOperator,
  Expression,
  Identifier,
} from './syntax.js';
import { describeToken, type Keyword, type Token, type TokenSymbol } from './token.js';
import { requireCondition, requireIdentifier, requireNumber } from './type-check.js';

/** Parentheses, NOTs and signs within each other. */
const DEPTH_MAX = 64;

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);

/**
 * Reads a selector by the grammar of JMS 2.0, 3.8.1.1.
 * @throws BrokerError `invalid-selector`, saying where and what was expected
 */
export function parseSelector(text: string): Expression {
  return new Parser(readTokens(text)).parse();
}

class Parser {
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get #token(): Token {
    return this.#tokens[this.#index]!;
  }

  parse(): Expression {
    const condition = requireCondition(this.#condition());
    if (this.#token.kind !== 'end') throw this.#expected('an operator or the end');
    return condition;
  }

  /** Conditions joined by OR, which binds least. */
  #condition(): Expression {
    return this.#joined('or', 'OR', () =>
      this.#joined('and', 'AND', () => this.#negatableCondition()),
    );
  }

  #joined(kind: 'and' | 'or', keyword: Keyword, operand: () => Expression): Expression {
    const first = operand();
    if (!this.#isKeyword(keyword)) return first;
    const operands = [requireCondition(first)];
    while (this.#skipKeyword(keyword)) operands.push(requireCondition(operand()));
    return { kind, operands, at: first.at };
  }

  #negatableCondition(): Expression {
    const { at } = this.#token;
    if (!this.#skipKeyword('NOT')) return this.#comparison();
    const operand = this.#nested(() => requireCondition(this.#negatableCondition()));
    return { kind: 'not', operand, at };
  }

  #comparison(): Expression {
    const left = this.#sum();
    const token = this.#token;
    if (token.kind === 'symbol' && COMPARISONS.has(token.value)) {
      this.#index++;
      return this.#compared(token.value as ComparisonOperator, left, this.#sum());
    }
    if (this.#skipKeyword('IS')) {
      const negated = this.#skipKeyword('NOT');
      if (!this.#skipKeyword('NULL')) throw this.#expected('NULL');
      return { kind: 'null', negated, value: requireIdentifier(left), at: left.at };
    }
    const negated = this.#skipKeyword('NOT');
    if (this.#skipKeyword('BETWEEN')) return this.#between(left, negated);
    if (this.#skipKeyword('IN')) return this.#in(requireIdentifier(left), negated);
    if (this.#skipKeyword('LIKE')) return this.#like(requireIdentifier(left), negated);
    if (negated) throw this.#expected('BETWEEN, IN or LIKE');
    return left;
  }

  /** Strings and booleans are equal or not; only numbers have an order. */
  #compared(operator: ComparisonOperator, left: Expression, right: Expression): Expression {
    if (operator !== '=' && operator !== '<>') {
      requireNumber(left);
      requireNumber(right);
    }
    return { kind: 'comparison', operator, left, right, at: left.at };
  }

  #between(value: Expression, negated: boolean): Expression {
    const low = requireNumber(this.#sum());
    if (!this.#skipKeyword('AND')) throw this.#expected('AND');
    const high = requireNumber(this.#sum());
    return { kind: 'between', negated, value: requireNumber(value), low, high, at: value.at };
  }

  #in(value: Identifier, negated: boolean): Expression {
    this.#requireSymbol('(');
    const options: string[] = [];
    do options.push(this.#string());
    while (this.#skipSymbol(','));
    this.#requireSymbol(')');
    return { kind: 'in', negated, value, options, at: value.at };
  }

  #like(value: Identifier, negated: boolean): Expression {
    const pattern = this.#string();
    let escapeCharacter: string | null = null;
    if (this.#skipKeyword('ESCAPE')) {
      const { at } = this.#token;
      escapeCharacter = this.#string();
      if ([...escapeCharacter].length !== 1)
        throw invalidSelector(at, 'expected one character to escape with');
    }
    return { kind: 'like', negated, value, pattern, escapeCharacter, at: value.at };
  }

  #sum(): Expression {
    return this.#arithmetic(['+', '-'], () => this.#arithmetic(['*', '/'], () => this.#signed()));
  }

  #arithmetic(operators: readonly ArithmeticOperator[], operand: () => Expression): Expression {
    const first = operand();
    const steps: ArithmeticStep[] = [];
    for (;;) {
      const operator = operators.find((candidate) => this.#skipSymbol(candidate));
      if (operator === undefined) break;
      if (steps.length === 0) requireNumber(first);
      steps.push({ operator, operand: requireNumber(operand()) });
    }
    return steps.length === 0 ? first : { kind: 'arithmetic', first, steps, at: first.at };
  }

  #signed(): Expression {
    const { at } = this.#token;
    if (this.#skipSymbol('+')) return this.#nested(() => this.#positive(at));
    if (!this.#skipSymbol('-')) return this.#primary();
    const next = this.#token;
    if (next.kind === 'number') {
      this.#index++;
      const { value } = next;
      return {
        kind: 'literal',
        value: typeof value === 'bigint' ? exactNumber(-value) : -value,
        at,
      };
    }
    const operand = this.#nested(() => requireNumber(this.#signed()));
    return { kind: 'negative', operand, at };
  }

  /** `+x` is a number, or nothing: the sum with nothing. */
  #positive(at: number): Expression {
    const first = requireNumber(this.#signed());
    return first.kind === 'identifier' ? { kind: 'arithmetic', first, steps: [], at } : first;
  }

  #primary(): Expression {
    const token = this.#token;
    const { at } = token;
    if (this.#skipSymbol('(')) {
      const inner = this.#nested(() => this.#condition());
      this.#requireSymbol(')');
      return inner;
    }
    if (this.#skipKeyword('TRUE')) return { kind: 'literal', value: true, at };
    if (this.#skipKeyword('FALSE')) return { kind: 'literal', value: false, at };
    switch (token.kind) {
      case 'identifier':
        this.#index++;
        return { kind: 'identifier', name: token.value, at };
      case 'number':
        if (typeof token.value === 'bigint' && !fitsLong(token.value)) {
          throw invalidSelector(at, 'the number is too large');
        }
        this.#index++;
        return { kind: 'literal', value: token.value, at };
      case 'string':
        this.#index++;
        return { kind: 'literal', value: token.value, at };
      default:
        throw this.#expected('a value or a condition');
    }
  }

  #string(): string {
    const token = this.#token;
    if (token.kind !== 'string') throw this.#expected('a string in single quotes');
    this.#index++;
    return token.value;
  }

  #nested<T>(parse: () => T): T {
    if (++this.#depth > DEPTH_MAX) {
      throw invalidSelector(this.#token.at, `it is nested more than ${DEPTH_MAX} deep`);
    }
    const inner = parse();
    this.#depth--;
    return inner;
  }

  #isKeyword(keyword: Keyword): boolean {
    const token = this.#token;
    return token.kind === 'keyword' && token.value === keyword;
  }

  #skipKeyword(keyword: Keyword): boolean {
    if (!this.#isKeyword(keyword)) return false;
    this.#index++;
    return true;
  }

  #skipSymbol(symbol: TokenSymbol): boolean {
    const token = this.#token;
    if (token.kind !== 'symbol' || token.value !== symbol) return false;
    this.#index++;
    return true;
  }

  #requireSymbol(symbol: TokenSymbol): void {
    if (!this.#skipSymbol(symbol)) throw this.#expected(symbol);
  }

  #expected(what: string): Error {
    return invalidSelector(this.#token.at, `expected ${what}, found ${describeToken(this.#token)}`);
  }
}
