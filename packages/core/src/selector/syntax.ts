export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>=';
export type ArithmeticOperator = '+' | '-' | '*' | '/';

/** One further operand of a sum or a product. */
export interface ArithmeticStep {
  readonly operator: ArithmeticOperator;
  readonly operand: Expression;
}

/** Conditions and values; `at` is the index of the character that an error would name. */
export type Expression =
  | {
      readonly kind: 'literal';
      readonly value: string | number | bigint | boolean;
      readonly at: number;
    }
  | Identifier
  | { readonly kind: 'negative'; readonly operand: Expression; readonly at: number }
  | {
      readonly kind: 'arithmetic';
      readonly first: Expression;
      readonly steps: readonly ArithmeticStep[];
      readonly at: number;
    }
  | {
      readonly kind: 'comparison';
      readonly operator: ComparisonOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly at: number;
    }
  | {
      readonly kind: 'between';
      readonly negated: boolean;
      readonly value: Expression;
      readonly low: Expression;
      readonly high: Expression;
      readonly at: number;
    }
  | {
      readonly kind: 'in';
      readonly negated: boolean;
      readonly value: Identifier;
      readonly options: readonly string[];
      readonly at: number;
    }
  | {
      readonly kind: 'like';
      readonly negated: boolean;
      readonly value: Identifier;
      readonly pattern: string;
      /** The character that makes the next one mean itself; null for none. */
      readonly escapeCharacter: string | null;
      readonly at: number;
    }
  | {
      readonly kind: 'null';
      readonly negated: boolean;
      readonly value: Identifier;
      readonly at: number;
    }
  | { readonly kind: 'not'; readonly operand: Expression; readonly at: number }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Expression[]; readonly at: number };

export interface Identifier {
  readonly kind: 'identifier';
  readonly name: string;
  readonly at: number;
}
