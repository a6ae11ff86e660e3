/** RFC 3454, table B.1: commonly mapped to nothing. */
const MAPPED_TO_NOTHING =
  /\u00AD|\u034F|\u1806|[\u180B-\u180D]|\u200B|\u200C|\u200D|\u2060|[\uFE00-\uFE0F]|\uFEFF/gu;
/** RFC 3454, table C.1.2: non-ASCII space characters. */
const OTHER_SPACES = /[\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]/gu;

/**
 * The mapping steps of SASLprep (RFC 4013, 2.1 and 2.2): what SCRAM computes on. Prohibited
 * characters are let through: a client that forbids them never sends them.
 */
export function saslPrep(text: string): string {
  return text.replace(OTHER_SPACES, ' ').replace(MAPPED_TO_NOTHING, '').normalize('NFKC');
}
