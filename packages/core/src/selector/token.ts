export const KEYWORDS = [
  'NOT',
  'AND',
  'OR',
  'BETWEEN',
  'LIKE',
  'IN',
  'IS',
  'NULL',
  'ESCAPE',
  'TRUE',
  'FALSE',
] as const;

export const SYMBOLS = [
  '<>',
  '<=',
  '>=',
  '<',
  '>',
  '=',
  '+',
  '-',
  '*',
  '/',
  '(',
  ')',
  ',',
] as const;

export type Keyword = (typeof KEYWORDS)[number];
export type TokenSymbol = (typeof SYMBOLS)[number];

/** A part of a selector's text, and the index of its first character. */
export type Token =
  | { readonly kind: 'keyword'; readonly value: Keyword; readonly at: number }
  | { readonly kind: 'symbol'; readonly value: TokenSymbol; readonly at: number }
  | { readonly kind: 'identifier'; readonly value: string; readonly at: number }
  | { readonly kind: 'string'; readonly value: string; readonly at: number }
  /** A bigint only when a number does not hold it exactly. */
  | { readonly kind: 'number'; readonly value: number | bigint; readonly at: number }
  | { readonly kind: 'end'; readonly value: ''; readonly at: number };

/** How an error message names a token. */
export function describeToken(token: Token): string {
  if (token.kind === 'end') return 'the end';
  const text = String(token.value);
  const short = text.length > 30 ? `${text.slice(0, 30)}...` : text;
  return token.kind === 'string' ? `'${short}'` : short;
}
