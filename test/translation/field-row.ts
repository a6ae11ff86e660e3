import type { Body, Content, EnvelopeField, SentParts } from '@causeway/core';

type Header = readonly [name: string, value: string];
type Envelope = { readonly [field in EnvelopeField]?: boolean | number };

/** What a table must have a row for. */
export type Covered = Exclude<keyof Content, 'body'> | EnvelopeField | `body ${Body['kind']}`;

/** A message that a client of the protocol sends, and how it is read. */
export interface Read {
  readonly sent: Partial<SentParts>;
  /** How the protocol writes it; see `Dialect.describe`. */
  readonly wire?: readonly Header[];
  readonly content?: Partial<Content>;
  readonly envelope?: Envelope;
  /** What the neutral view does not have. */
  readonly lacks?: readonly (keyof Content)[];
}

/** A message from elsewhere, and how a client of the protocol gets it. */
export interface Write {
  readonly content?: Partial<Content>;
  readonly envelope?: Envelope;
  /** The broker's own annotations. */
  readonly annotations?: readonly Header[];
  readonly destination?: string;
  readonly wire?: readonly Header[];
  /** The body as its receiver understands it. */
  readonly body?: Body;
  /** Names of headers that are not there. */
  readonly lacks?: readonly string[];
}

/** A row of the table in docs/interop.md, and what shows that it is true. */
export interface FieldRow {
  /** As the protocol calls it. */
  readonly name: string;
  readonly into: string;
  readonly out: string;
  readonly covers?: readonly Covered[];
  readonly reads?: readonly Read[];
  readonly writes?: readonly Write[];
  /** The titles of tests of clients or formats, for what is seen only when a message is delivered. */
  readonly shownBy?: readonly string[];
}

export interface FieldTable {
  /** The key of the dialect. */
  readonly dialect: string;
  readonly head: readonly [name: string, into: string, out: string];
  readonly rows: readonly FieldRow[];
}

export const HEAD_IN = 'into the neutral view';
export const HEAD_OUT = 'out of the neutral view';

/** Markdown, as it stands in the document. */
export function renderTable({ head, rows }: FieldTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const body = rows.map(({ name, into, out }) => line([name, into, out]));
  return [line(head), line(head.map(() => '---')), ...body].join('\n');
}

export const text = (value: string): Body => ({ kind: 'text', text: value });
export const binary = (value: string | Buffer): Body => ({
  kind: 'binary',
  bytes: Buffer.from(value as string),
});
