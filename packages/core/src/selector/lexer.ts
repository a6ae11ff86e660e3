import { invalidSelector } from './invalid-selector.js';
import { readNumber } from './number-literal.js';
import { KEYWORDS, type Keyword, SYMBOLS, type Token } from './token.js';

/** What Java calls white space within a line, and its ends of line (JMS 2.0, 3.8.1.1). */
const SPACE = /[ \t\f\r\n]*/y;
/** What Java lets an identifier begin with, and consist of; `_` and `$` are among both. */
const IDENTIFIER = /[\p{L}\p{Nl}\p{Sc}\p{Pc}][\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mc}\p{Mn}]*/uy;
const NUMBER_START = /\.?[0-9]/y;
const STRING = /'((?:[^']|'')*)'/y;
const QUOTED_IDENTIFIER = /"((?:[^"]|"")+)"/y;

const KEYWORD_BY_NAME: ReadonlyMap<string, Keyword> = new Map(
  KEYWORDS.map((keyword) => [keyword, keyword]),
);

/**
 * Cuts a selector into tokens; the last one is of kind `end`. Besides what JMS knows, an identifier
 * may stand in double quotes, as in SQL-92, and then holds any characters: `"order-id" = '7'`.
 * @throws BrokerError `invalid-selector`
 */
export function readTokens(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += matchAt(SPACE, text, at)![0].length;
    if (at >= text.length) break;
    at = readToken(text, at, tokens);
  }
  tokens.push({ kind: 'end', value: '', at: text.length });
  return tokens;
}

/** @returns the index after the token */
function readToken(text: string, at: number, tokens: Token[]): number {
  if (matchAt(NUMBER_START, text, at) !== null) {
    const { value, end } = readNumber(text, at);
    tokens.push({ kind: 'number', value, at });
    return end;
  }
  const word = matchAt(IDENTIFIER, text, at)?.[0];
  if (word !== undefined) {
    const keyword = KEYWORD_BY_NAME.get(word.toUpperCase());
    tokens.push(
      keyword === undefined
        ? { kind: 'identifier', value: word, at }
        : { kind: 'keyword', value: keyword, at },
    );
    return at + word.length;
  }
  if (text[at] === "'") {
    const string = matchAt(STRING, text, at);
    if (string === null) throw invalidSelector(at, "expected a ' at the end of the string");
    tokens.push({ kind: 'string', value: string[1]!.replaceAll("''", "'"), at });
    return at + string[0].length;
  }
  if (text[at] === '"') {
    const quoted = matchAt(QUOTED_IDENTIFIER, text, at);
    if (quoted === null) throw invalidSelector(at, 'expected a " at the end of the identifier');
    tokens.push({ kind: 'identifier', value: quoted[1]!.replaceAll('""', '"'), at });
    return at + quoted[0].length;
  }
  const symbol = SYMBOLS.find((candidate) => text.startsWith(candidate, at));
  if (symbol !== undefined) {
    tokens.push({ kind: 'symbol', value: symbol, at });
    return at + symbol.length;
  }
  const character = String.fromCodePoint(text.codePointAt(at)!);
  throw invalidSelector(at, `${JSON.stringify(character)} has no meaning here`);
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
