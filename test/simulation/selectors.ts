import { FORMAT_IDS, type MessageFormat } from '@causeway/core';

/** A condition as text, and what it means. */
export interface KnownSelector {
  readonly text: string;
  matches(producer: number, number: number): boolean;
}

const EVEN: KnownSelector = {
  text: 'number / 2 * 2 = number',
  matches: (_, number) => number % 2 === 0,
};
const ODD: KnownSelector = {
  text: 'number / 2 * 2 <> number',
  matches: (_, number) => number % 2 === 1,
};

export const SELECTORS: readonly KnownSelector[] = [
  EVEN,
  { text: 'producer = 1', matches: (producer) => producer === 1 },
  { text: 'producer <> 0 AND number > 5', matches: (producer, n) => producer !== 0 && n > 5 },
];

/** Together they match everything. */
export const HALVES: readonly KnownSelector[] = [EVEN, ODD];

/** The properties of a message whose text is `name/producer:number`. */
export const simulationFormat: MessageFormat = {
  id: FORMAT_IDS.mqtt,
  name: 'simulation',
  builtFlags: 0,
  dialects: [],
  view({ bytes, start, end }) {
    const text = bytes.toString('latin1', start, end).trimEnd();
    const [producer, number] = text.slice(text.indexOf('/') + 1).split(':');
    const properties = [
      ['producer', Number(producer)],
      ['number', Number(number)],
    ] as const;
    return { properties, body: { kind: 'text', text } };
  },
  build: () => Buffer.alloc(0),
};
