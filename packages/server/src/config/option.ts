/** How the value of an option is written. */
export type ValueType =
  | 'text'
  | 'integer'
  | 'number'
  | 'bytes'
  | 'ms'
  | 'flag'
  | 'choice'
  | 'names';

/** One option with one value. The type parameter is what the program gets. */
export interface ValueOption<T> {
  readonly kind: 'value';
  readonly type: ValueType;
  readonly describe: string;
  /** Undefined when there is none: the option is required, or may be left out. */
  readonly default: T | undefined;
  readonly required: boolean;
  /** For `choice`. */
  readonly values: readonly string[];
  readonly min: number;
  readonly max: number;
  /** Never repeated in an error. */
  readonly secret: boolean;
}

export type Fields = Readonly<Record<string, Option>>;

/** A map of options. */
export interface SectionOption<F extends Fields, Optional extends boolean = false> {
  readonly kind: 'section';
  readonly describe: string;
  readonly fields: F;
  /** Left out as a whole, it has no value at all, not even the defaults of its fields. */
  readonly optional: Optional;
}

/** A list of maps. */
export interface ListOption<F extends Fields> {
  readonly kind: 'list';
  readonly describe: string;
  readonly item: SectionOption<F>;
  /** What stands there when the key is left out, as it would be written in the file. */
  readonly default: readonly object[];
}

export type Option = ValueOption<unknown> | SectionOption<Fields, boolean> | ListOption<Fields>;

/** The type of what an option table yields: the configuration. */
export type ValueOf<O> =
  O extends ValueOption<infer T>
    ? T
    : O extends SectionOption<infer F, infer Optional>
      ? { readonly [K in keyof F]: ValueOf<F[K]> } | (Optional extends true ? undefined : never)
      : O extends ListOption<infer F>
        ? readonly { readonly [K in keyof F]: ValueOf<F[K]> }[]
        : never;

interface ValueDetails {
  readonly min?: number;
  readonly max?: number;
  readonly secret?: boolean;
}

function value<T>(
  type: ValueType,
  describe: string,
  required: boolean,
  fallback: T | undefined,
  details: ValueDetails & { readonly values?: readonly string[] } = {},
): ValueOption<T> {
  return {
    kind: 'value',
    type,
    describe,
    required,
    default: fallback,
    values: details.values ?? [],
    min: details.min ?? 0,
    max: details.max ?? Number.MAX_SAFE_INTEGER,
    secret: details.secret ?? false,
  };
}

export const text = (describe: string, fallback: string): ValueOption<string> =>
  value('text', describe, false, fallback);

export const requiredText = (describe: string): ValueOption<string> =>
  value<string>('text', describe, true, undefined);

export const optionalText = (
  describe: string,
  details?: ValueDetails,
): ValueOption<string | undefined> =>
  value<string | undefined>('text', describe, false, undefined, details);

export const integer = (
  describe: string,
  fallback: number | undefined,
  details?: ValueDetails,
): ValueOption<number> => value('integer', describe, fallback === undefined, fallback, details);

export const optionalInteger = (
  describe: string,
  details?: ValueDetails,
): ValueOption<number | undefined> =>
  value<number | undefined>('integer', describe, false, undefined, details);

/** A number that may have a fraction, a number of bytes such as `16MiB`, or a time such as `10s`. */
export const quantity = (
  type: 'integer' | 'number' | 'bytes' | 'ms',
  describe: string,
  fallback: number,
): ValueOption<number> => value(type, describe, false, fallback);

export const flag = (describe: string, fallback: boolean): ValueOption<boolean> =>
  value('flag', describe, false, fallback);

export const optionalFlag = (describe: string): ValueOption<boolean | undefined> =>
  value<boolean | undefined>('flag', describe, false, undefined);

export const choice = <const V extends readonly string[]>(
  values: V,
  describe: string,
  fallback?: V[number],
): ValueOption<V[number]> =>
  value<V[number]>('choice', describe, fallback === undefined, fallback, { values });

/** A list of names. */
export const names = (describe: string): ValueOption<readonly string[]> =>
  value<readonly string[]>('names', describe, false, []);

export const section = <F extends Fields>(describe: string, fields: F): SectionOption<F> => ({
  kind: 'section',
  describe,
  fields,
  optional: false,
});

export const optionalSection = <F extends Fields>(
  describe: string,
  fields: F,
): SectionOption<F, true> => ({ kind: 'section', describe, fields, optional: true });

export const list = <F extends Fields>(
  describe: string,
  fields: F,
  fallback: readonly object[] = [],
): ListOption<F> => ({
  kind: 'list',
  describe,
  item: section(describe, fields),
  default: fallback,
});
