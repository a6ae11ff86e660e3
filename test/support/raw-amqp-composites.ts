import {
  binary,
  boolean,
  DescribedValue,
  described,
  EMPTY_LIST,
  encodeValue,
  list,
  map,
  NULL,
  Sym,
  string,
  symbol,
  symbols,
  ubyte,
  uint,
  ulong,
  ushort,
  type Value,
  ValueReader,
} from './raw-amqp-values.js';

/** The kinds of fields that composites have. `fields` are maps whose keys are symbols. */
interface Kinds {
  boolean: boolean;
  ubyte: number;
  ushort: number;
  uint: number;
  ulong: number | bigint;
  string: string;
  symbol: string;
  symbols: string | readonly string[];
  binary: string | Uint8Array;
  fields: Readonly<Record<string, Value>>;
  map: ReadonlyMap<Value, Value>;
  /** By delivery tag as Latin-1. */
  unsettled: Readonly<Record<string, StateFields | null>>;
  error: { condition?: string | Buffer; description?: string; info?: Record<string, Value> };
  source: Readonly<Record<string, unknown>>;
  /** A target, or with `kind: 'coordinator'` a coordinator. */
  target: Readonly<Record<string, unknown>>;
  state: StateFields;
}

/** `{ kind: 'accepted' }` and its fields, or only the name. */
export type StateFields = string | ({ readonly kind: string } & Readonly<Record<string, unknown>>);

type Kind = keyof Kinds;
type Field = readonly [name: string, kind: Kind];

const TERMINUS = [
  ['address', 'string'],
  ['durable', 'uint'],
  ['expiryPolicy', 'symbol'],
  ['timeout', 'uint'],
  ['dynamic', 'boolean'],
  ['dynamicNodeProperties', 'fields'],
] as const;

/** Parts 2.7, 2.8.14, 3.4, 3.5, 4.5 and 5.3.3: descriptors, and fields in their order. */
const COMPOSITES = {
  open: [
    0x10,
    ['containerId', 'string'],
    ['hostname', 'string'],
    ['maxFrameSize', 'uint'],
    ['channelMax', 'ushort'],
    ['idleTimeOut', 'uint'],
    ['outgoingLocales', 'symbols'],
    ['incomingLocales', 'symbols'],
    ['offeredCapabilities', 'symbols'],
    ['desiredCapabilities', 'symbols'],
    ['properties', 'fields'],
  ],
  begin: [
    0x11,
    ['remoteChannel', 'ushort'],
    ['nextOutgoingId', 'uint'],
    ['incomingWindow', 'uint'],
    ['outgoingWindow', 'uint'],
    ['handleMax', 'uint'],
    ['offeredCapabilities', 'symbols'],
    ['desiredCapabilities', 'symbols'],
    ['properties', 'fields'],
  ],
  attach: [
    0x12,
    ['name', 'string'],
    ['handle', 'uint'],
    ['role', 'boolean'],
    ['sndSettleMode', 'ubyte'],
    ['rcvSettleMode', 'ubyte'],
    ['source', 'source'],
    ['target', 'target'],
    ['unsettled', 'unsettled'],
    ['incompleteUnsettled', 'boolean'],
    ['initialDeliveryCount', 'uint'],
    ['maxMessageSize', 'ulong'],
    ['offeredCapabilities', 'symbols'],
    ['desiredCapabilities', 'symbols'],
    ['properties', 'fields'],
  ],
  flow: [
    0x13,
    ['nextIncomingId', 'uint'],
    ['incomingWindow', 'uint'],
    ['nextOutgoingId', 'uint'],
    ['outgoingWindow', 'uint'],
    ['handle', 'uint'],
    ['deliveryCount', 'uint'],
    ['linkCredit', 'uint'],
    ['available', 'uint'],
    ['drain', 'boolean'],
    ['echo', 'boolean'],
    ['properties', 'fields'],
  ],
  transfer: [
    0x14,
    ['handle', 'uint'],
    ['deliveryId', 'uint'],
    ['deliveryTag', 'binary'],
    ['messageFormat', 'uint'],
    ['settled', 'boolean'],
    ['more', 'boolean'],
    ['rcvSettleMode', 'ubyte'],
    ['state', 'state'],
    ['resume', 'boolean'],
    ['aborted', 'boolean'],
    ['batchable', 'boolean'],
  ],
  disposition: [
    0x15,
    ['role', 'boolean'],
    ['first', 'uint'],
    ['last', 'uint'],
    ['settled', 'boolean'],
    ['state', 'state'],
    ['batchable', 'boolean'],
  ],
  detach: [0x16, ['handle', 'uint'], ['closed', 'boolean'], ['error', 'error']],
  end: [0x17, ['error', 'error']],
  close: [0x18, ['error', 'error']],
  error: [0x1d, ['condition', 'symbol'], ['description', 'string'], ['info', 'fields']],
  received: [0x23, ['sectionNumber', 'uint'], ['sectionOffset', 'ulong']],
  accepted: [0x24],
  rejected: [0x25, ['error', 'error']],
  released: [0x26],
  modified: [
    0x27,
    ['deliveryFailed', 'boolean'],
    ['undeliverableHere', 'boolean'],
    ['messageAnnotations', 'fields'],
  ],
  source: [
    0x28,
    ...TERMINUS,
    ['distributionMode', 'symbol'],
    ['filter', 'fields'],
    ['defaultOutcome', 'state'],
    ['outcomes', 'symbols'],
    ['capabilities', 'symbols'],
  ],
  target: [0x29, ...TERMINUS, ['capabilities', 'symbols']],
  coordinator: [0x30, ['capabilities', 'symbols']],
  declare: [0x31, ['globalId', 'binary']],
  discharge: [0x32, ['txnId', 'binary'], ['fail', 'boolean']],
  declared: [0x33, ['txnId', 'binary']],
  transactionalState: [0x34, ['txnId', 'binary'], ['outcome', 'state']],
  saslMechanisms: [0x40, ['saslServerMechanisms', 'symbols']],
  saslInit: [0x41, ['mechanism', 'symbol'], ['initialResponse', 'binary'], ['hostname', 'string']],
  saslChallenge: [0x42, ['challenge', 'binary']],
  saslResponse: [0x43, ['response', 'binary']],
  saslOutcome: [0x44, ['code', 'ubyte'], ['additionalData', 'binary']],
} as const satisfies Record<string, readonly [number, ...Field[]]>;

export type CompositeName = keyof typeof COMPOSITES;

type FieldOf<Name extends CompositeName> = Extract<(typeof COMPOSITES)[Name][number], Field>;

/** Fields to be encoded. What is not given is null, and left out at the end. */
export type FieldsOf<Name extends CompositeName> = {
  readonly [F in FieldOf<Name> as F[0]]?: Kinds[F[1]] | Raw | undefined;
};

/** An encoded value for a field, also one of a type that the field does not have. */
export class Raw {
  readonly encoded: Buffer;

  constructor(encoded: Buffer) {
    this.encoded = encoded;
  }
}

const NAMES = new Map(
  Object.entries(COMPOSITES).map(([name, [code]]) => [code as number, name as CompositeName]),
);

export function nameOfDescriptor(code: number): CompositeName {
  const name = NAMES.get(code);
  if (name === undefined) throw new Error(`0x${code.toString(16)} describes nothing known`);
  return name;
}

export function descriptorOf(name: CompositeName): number {
  return COMPOSITES[name][0];
}

/** A described list, with a descriptor as a number. */
export function encodeComposite<Name extends CompositeName>(
  name: Name,
  fields: FieldsOf<Name> = {},
): Buffer {
  return described(descriptorOf(name), encodeFields(name, fields));
}

function encodeFields(name: CompositeName, fields: Readonly<Record<string, unknown>>): Buffer {
  const [, ...known] = COMPOSITES[name] as readonly [number, ...Field[]];
  const unknown = Object.keys(fields).find(
    (given) => given !== 'kind' && !known.some(([field]) => field === given),
  );
  if (unknown !== undefined) throw new Error(`${name} has no ${unknown}`);
  const items = known.map(([field, kind]) => encodeField(kind, fields[field]));
  while (items.at(-1) === NULL) items.pop();
  return items.length === 0 ? EMPTY_LIST : list(...items);
}

function encodeField(kind: Kind, value: unknown): Buffer {
  if (value === undefined || value === null) return NULL;
  if (value instanceof Raw) return value.encoded;
  const record = value as Readonly<Record<string, never>>;
  switch (kind) {
    case 'boolean':
      return boolean(value as boolean);
    case 'ubyte':
      return ubyte(value as number);
    case 'ushort':
      return ushort(value as number);
    case 'uint':
      return uint(value as number);
    case 'ulong':
      return ulong(value as number);
    case 'string':
      return string(value as string);
    case 'symbol':
      return symbol(value as string);
    case 'symbols':
      return typeof value === 'string' ? symbol(value) : symbols(...(value as string[]));
    case 'binary':
      return binary(value as string);
    case 'map':
      return encodeValue(value as Map<Value, Value>);
    case 'fields':
      return map(
        ...Object.entries(record).flatMap(([key, item]) => [symbol(key), encodeValue(item)]),
      );
    case 'unsettled':
      return map(
        ...Object.entries(record).flatMap(([tag, state]) => [
          binary(Buffer.from(tag, 'latin1')),
          encodeField('state', state),
        ]),
      );
    case 'error':
      return described(descriptorOf('error'), encodeFields('error', record));
    case 'source':
      return described(descriptorOf('source'), encodeFields('source', record));
    case 'target':
      return encodeNamed((record.kind as string | undefined) ?? 'target', record);
    case 'state':
      return typeof value === 'string'
        ? encodeNamed(value, {})
        : encodeNamed(record.kind as unknown as string, record);
  }
}

function encodeNamed(name: string, fields: Readonly<Record<string, unknown>>): Buffer {
  return described(
    descriptorOf(name as CompositeName),
    encodeFields(name as CompositeName, fields),
  );
}

/** What stands in each field; those that are null or left out are missing. */
export type DecodedFields = Readonly<Record<string, unknown>>;

/**
 * Decodes the described list with which `bytes` begin, and minds the type of each field.
 * @returns the composite, with its name as `kind`, and where it ends
 */
export function decodeComposite(bytes: Buffer): {
  readonly kind: CompositeName;
  readonly fields: DecodedFields;
  readonly end: number;
} {
  const reader = new ValueReader(bytes);
  if (reader.code !== 0) throw new Error('a composite is not described');
  const value = reader.read();
  const { descriptor } = value as DescribedValue;
  if (typeof descriptor !== 'number') throw new Error('a descriptor is no number');
  const kind = nameOfDescriptor(descriptor);
  // Once more, field by field, since types that have the same values can be told apart by code only.
  const inner = new ValueReader(bytes.subarray(0, reader.at));
  inner.at = 1;
  inner.read();
  return { kind, fields: decodeFields(kind, inner), end: reader.at };
}

const LIST_HEADS: Readonly<Record<number, number>> = { 69: 1, 192: 3, 208: 9 };

function decodeFields(name: CompositeName, reader: ValueReader): DecodedFields {
  const [, ...known] = COMPOSITES[name] as readonly [number, ...Field[]];
  const head = LIST_HEADS[reader.code];
  if (head === undefined) throw new Error(`${name} is not a list`);
  reader.at += head;
  const fields: Record<string, unknown> = {};
  for (const [field, kind] of known) {
    if (reader.done) break;
    const start = reader.at;
    const { code } = reader;
    const value = reader.read();
    if (value === null) continue;
    try {
      fields[field] = decodeField(kind, code, value, reader.bytes.subarray(start, reader.at));
    } catch (error) {
      throw new Error(`${field} of ${name} is not a ${kind}`, { cause: error });
    }
  }
  if (!reader.done) throw new Error(`${name} has more fields than are known`);
  return fields;
}

/** Constructors of the simple kinds. */
const CODES: Partial<Record<Kind, readonly number[]>> = {
  boolean: [0x41, 0x42, 0x56],
  ubyte: [0x50],
  ushort: [0x60],
  uint: [0x43, 0x52, 0x70],
  ulong: [0x44, 0x53, 0x80],
  string: [0xa1, 0xb1],
  binary: [0xa0, 0xb0],
  map: [0xc1, 0xd1],
};

function decodeField(kind: Kind, code: number, value: Value, bytes: Buffer): unknown {
  switch (kind) {
    case 'symbol':
      return textOf(value);
    case 'symbols':
      return (Array.isArray(value) ? value : [value]).map(textOf);
    case 'fields':
      return fieldsOf(value);
    case 'unsettled':
      return unsettledOf(value);
    case 'error':
    case 'source': {
      const decoded = decodeComposite(bytes);
      if (decoded.kind !== kind) throw new Error(`${decoded.kind} instead`);
      return decoded.fields;
    }
    case 'target': {
      const decoded = decodeComposite(bytes);
      if (decoded.kind === 'target') return decoded.fields;
      if (decoded.kind === 'coordinator') return { kind: decoded.kind, ...decoded.fields };
      throw new Error(`${decoded.kind} instead`);
    }
    case 'state': {
      const { kind: name, fields } = decodeComposite(bytes);
      return { kind: name, ...fields };
    }
    default:
      if (CODES[kind]?.includes(code) !== true) throw new Error(`constructor ${code}`);
      return value;
  }
}

function textOf(value: Value): string {
  if (value instanceof Sym) return value.symbol;
  throw new Error('not a symbol');
}

function fieldsOf(value: Value): Record<string, Value> {
  if (!(value instanceof Map)) throw new Error('not a map');
  return Object.fromEntries([...value].map(([key, item]) => [textOf(key), item]));
}

function unsettledOf(value: Value): Record<string, unknown> {
  if (!(value instanceof Map)) throw new Error('not a map');
  const entries = [...value].map(([tag, state]) => {
    if (!Buffer.isBuffer(tag)) throw new Error('a tag is not a binary');
    if (state === null) return [tag.toString('latin1'), null] as const;
    if (!(state instanceof DescribedValue)) throw new Error('a state is not described');
    return [tag.toString('latin1'), nameOfDescriptor(Number(state.descriptor))] as const;
  });
  return Object.fromEntries(entries);
}
