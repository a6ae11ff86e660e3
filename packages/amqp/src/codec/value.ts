/** A symbol (part 1.6.21), which is not the same as a string of that text. */
export class AmqpSymbol {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** A value with a descriptor (part 1.3.1): a number for `0x00000000:n`, or a symbol's text. */
export class Described {
  readonly descriptor: number | bigint | string;
  readonly value: AmqpValue;

  constructor(descriptor: number | bigint | string, value: AmqpValue) {
    this.descriptor = descriptor;
    this.value = value;
  }
}

/** A 128-bit identifier (part 1.6.18), in the usual text form. */
export class Uuid {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/**
 * A value of part 1 as JavaScript knows it. Integers beyond the safe range are bigints; a char is
 * a string; decimals are their bytes; an array is a list.
 */
export type AmqpValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Buffer
  | AmqpSymbol
  | Uuid
  | Described
  | readonly AmqpValue[]
  | ReadonlyMap<AmqpValue, AmqpValue>;
