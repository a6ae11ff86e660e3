import { z } from 'zod';
import type { Option, ValueOption } from './option.js';
import { type Config, OPTIONS } from './options.js';
import { parseQuantity } from './quantity.js';

/** The schema of the whole configuration, built from the option table. */
export const CONFIG_SCHEMA = schemaOf(OPTIONS) as z.ZodType<Config>;

/** The schema of one option. Every message is written to follow the key it is about. */
export function schemaOf(option: Option): z.ZodType {
  if (option.kind === 'value') return withDefault(valueSchema(option), option);
  if (option.kind === 'list') {
    return z
      .array(schemaOf(option.item), { error: 'must be a list' })
      .prefault([...option.default]);
  }
  const fields = Object.entries(option.fields).map(([name, field]) => [name, schemaOf(field)]);
  const schema = z.strictObject(Object.fromEntries(fields), {
    error: (issue) => (issue.code === 'invalid_type' ? 'must be a map of keys' : undefined),
  });
  return option.optional ? schema.optional() : schema.prefault({});
}

function withDefault(schema: z.ZodType, option: ValueOption<unknown>): z.ZodType {
  if (option.required) return schema;
  return option.default === undefined ? schema.optional() : schema.default(option.default);
}

function valueSchema(option: ValueOption<unknown>): z.ZodType {
  switch (option.type) {
    case 'text':
      return z.string({ error: (issue) => missing(issue.input) ?? textError(issue.input) });
    case 'flag':
      return z.boolean({ error: (issue) => missing(issue.input) ?? 'must be true or false' });
    case 'choice':
      return z.enum(option.values as [string, ...string[]], {
        error: (issue) => missing(issue.input) ?? `must be one of ${option.values.join(', ')}`,
      });
    case 'names':
      return z.array(z.string({ error: (issue) => textError(issue.input) }), {
        error: 'must be a list of names, such as [clerks, shops]',
      });
    case 'bytes':
    case 'ms':
      return quantitySchema(option, option.type);
    case 'integer':
    case 'number':
      return numberSchema(option);
  }
}

function numberSchema(option: ValueOption<unknown>): z.ZodType {
  const wanted = option.type === 'number' ? 'a number' : 'a whole number';
  const range = `must be ${wanted} ${rangeOf(option)}`;
  const number = z
    .number({ error: (issue) => missing(issue.input) ?? range })
    .min(option.min, range)
    .max(option.max, range);
  return option.type === 'number' ? number : number.int(range);
}

function quantitySchema(option: ValueOption<unknown>, unit: 'bytes' | 'ms'): z.ZodType {
  const example =
    unit === 'bytes' ? 'bytes, such as 16777216 or 16MiB' : 'time, such as 10000 or 10s';
  const error = `must be a number of ${unit === 'bytes' ? example : `milliseconds or a ${example}`}`;
  return z.preprocess(
    (value) => parseQuantity(value, unit) ?? value,
    z.number({ error }).int(error).min(option.min, error).max(option.max, error),
  );
}

function rangeOf(option: ValueOption<unknown>): string {
  return option.max === Number.MAX_SAFE_INTEGER
    ? `from ${option.min} on`
    : `from ${option.min} to ${option.max}`;
}

function missing(input: unknown): string | undefined {
  return input === undefined ? 'is missing' : undefined;
}

function textError(input: unknown): string {
  return typeof input === 'number' || typeof input === 'boolean'
    ? 'must be text: put it in quotes'
    : 'must be text';
}
