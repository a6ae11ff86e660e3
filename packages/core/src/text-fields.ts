import type { Content, Property } from './content.js';
import { isBrokersOwnName } from './dead-letter.js';
import { propertyText } from './plain-body.js';

/** The fields that protocols of text headers write as a header, as far as they write them at all. */
export type TextField =
  | 'messageId'
  | 'userId'
  | 'subject'
  | 'contentEncoding'
  | 'creationTime'
  | 'groupId'
  | 'groupSequence'
  | 'replyToGroupId';

type TextPair = readonly [name: string, value: string];
type Fields = Pick<Content, TextField>;
type Value = string | number;

/** How AMQP marks annotations that nobody needs to understand (AMQP 1.0 3.2.10). */
const OPTIONAL_ANNOTATION = 'x-opt-';
/** Before the names of other annotations; ActiveMQ's. */
const ANNOTATION_PREFIX = 'JMS_AMQP_MA_';
/** Before the names of properties that would mean something else without it. */
export const RENAMED_PREFIX = 'property-';
const INTEGER = /^-?\d{1,16}$/;
const SEQUENCE_MAX = 0xffff_ffff;

/**
 * The fields, annotations and properties of a message as pairs of texts, for protocols that have
 * nothing else. Properties with a name that means something there are renamed and get their own
 * name back when they are read, so that nobody can forge what the broker or another field says.
 */
export class TextFields {
  readonly #names: ReadonlyMap<TextField, string>;
  readonly #fields: ReadonlyMap<string, TextField>;
  readonly #reserved: ReadonlySet<string>;

  /**
   * @param names the name of each field that is written as a pair
   * @param reserved further names that no property may have
   */
  constructor(names: { readonly [field in TextField]: string }, reserved: readonly string[]) {
    this.#names = new Map(Object.entries(names) as [TextField, string][]);
    this.#fields = new Map([...this.#names].map(([field, name]) => [name, field]));
    this.#reserved = new Set([...this.#fields.keys(), ...reserved]);
  }

  /** All pairs: fields, then annotations, then properties in their order. */
  write(content: Content): TextPair[] {
    const pairs: TextPair[] = [];
    for (const [field, name] of this.#names) {
      const value = content[field];
      if (value !== undefined) pairs.push([name, String(value)]);
    }
    for (const [name, value] of content.annotations ?? []) {
      const isOptional = name.startsWith(OPTIONAL_ANNOTATION) && !isBrokersOwnName(name);
      pairs.push([isOptional ? name : ANNOTATION_PREFIX + name, propertyText(value)]);
    }
    for (const [name, value] of content.properties) {
      const renamed = this.#isReserved(bareName(name));
      pairs.push([renamed ? RENAMED_PREFIX + name : name, propertyText(value)]);
    }
    return pairs;
  }

  /**
   * The reverse. A pair whose value its field cannot have, and a repeated field, stay properties.
   * @param trusted whether the broker wrote the pairs: a sender can neither say who he is, nor why
   *   his message is a dead letter
   */
  read(
    pairs: Iterable<TextPair>,
    trusted: boolean,
  ): Fields & Pick<Content, 'annotations' | 'properties'> {
    const fields = new Map<TextField, Value>();
    const annotations: Property[] = [];
    const properties: Property[] = [];
    for (const pair of pairs) {
      const [name, text] = pair;
      const field = this.#fields.get(name);
      if (field !== undefined) {
        const value =
          fields.has(field) || (field === 'userId' && !trusted) ? null : parse(field, text);
        if (value === null) properties.push(pair);
        else fields.set(field, value);
        continue;
      }
      const annotation = annotationName(name);
      if (annotation === null || (isBrokersOwnName(annotation) && !trusted)) {
        properties.push([this.#ownName(name), text]);
      } else annotations.push([annotation, text]);
    }
    return {
      ...(Object.fromEntries(fields) as Fields),
      ...(annotations.length === 0 ? {} : { annotations }),
      properties,
    };
  }

  #ownName(name: string): string {
    const isRenamed = name.startsWith(RENAMED_PREFIX) && this.#isReserved(bareName(name));
    return isRenamed ? name.slice(RENAMED_PREFIX.length) : name;
  }

  #isReserved(name: string): boolean {
    return this.#reserved.has(name) || annotationName(name) !== null || isBrokersOwnName(name);
  }
}

/** A name without the prefix of renamed ones, however often it was renamed. */
function bareName(name: string): string {
  let start = 0;
  while (name.startsWith(RENAMED_PREFIX, start)) start += RENAMED_PREFIX.length;
  return name.slice(start);
}

/** The annotation that a pair of this name is; null when it is none, or the broker's own. */
function annotationName(name: string): string | null {
  if (isBrokersOwnName(name)) return null;
  if (name.startsWith(OPTIONAL_ANNOTATION)) return name;
  return name.startsWith(ANNOTATION_PREFIX) ? name.slice(ANNOTATION_PREFIX.length) : null;
}

/** Null for a text that is no value of the field. */
function parse(field: TextField, text: string): Value | null {
  if (field !== 'creationTime' && field !== 'groupSequence') return text;
  const value = INTEGER.test(text) ? Number(text) + 0 : Number.NaN;
  if (field === 'creationTime') return Number.isSafeInteger(value) ? value : null;
  return value >= 0 && value <= SEQUENCE_MAX ? value : null;
}
