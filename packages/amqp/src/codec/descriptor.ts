import { WireError } from '@causeway/wire';
import { CODE } from './constructor-codes.js';
import { uint64At } from './integers.js';
import { skipPlain } from './skip-value.js';
import { DESCRIPTOR } from './types.js';

/** Each descriptor has a symbolic form, too (such as part 2.7.1): these are their names. */
const SYMBOLS = new Map<string, number>([
  ['amqp:open:list', DESCRIPTOR.open],
  ['amqp:begin:list', DESCRIPTOR.begin],
  ['amqp:attach:list', DESCRIPTOR.attach],
  ['amqp:flow:list', DESCRIPTOR.flow],
  ['amqp:transfer:list', DESCRIPTOR.transfer],
  ['amqp:disposition:list', DESCRIPTOR.disposition],
  ['amqp:detach:list', DESCRIPTOR.detach],
  ['amqp:end:list', DESCRIPTOR.end],
  ['amqp:close:list', DESCRIPTOR.close],
  ['amqp:error:list', DESCRIPTOR.error],
  ['amqp:received:list', DESCRIPTOR.received],
  ['amqp:accepted:list', DESCRIPTOR.accepted],
  ['amqp:rejected:list', DESCRIPTOR.rejected],
  ['amqp:released:list', DESCRIPTOR.released],
  ['amqp:modified:list', DESCRIPTOR.modified],
  ['amqp:source:list', DESCRIPTOR.source],
  ['amqp:target:list', DESCRIPTOR.target],
  ['amqp:delete-on-close:list', DESCRIPTOR.deleteOnClose],
  ['amqp:delete-on-no-links:list', DESCRIPTOR.deleteOnNoLinks],
  ['amqp:delete-on-no-messages:list', DESCRIPTOR.deleteOnNoMessages],
  ['amqp:delete-on-no-links-or-messages:list', DESCRIPTOR.deleteOnNoLinksOrMessages],
  ['amqp:coordinator:list', DESCRIPTOR.coordinator],
  ['amqp:declare:list', DESCRIPTOR.declare],
  ['amqp:discharge:list', DESCRIPTOR.discharge],
  ['amqp:declared:list', DESCRIPTOR.declared],
  ['amqp:transactional-state:list', DESCRIPTOR.transactionalState],
  ['amqp:sasl-mechanisms:list', DESCRIPTOR.saslMechanisms],
  ['amqp:sasl-init:list', DESCRIPTOR.saslInit],
  ['amqp:sasl-challenge:list', DESCRIPTOR.saslChallenge],
  ['amqp:sasl-response:list', DESCRIPTOR.saslResponse],
  ['amqp:sasl-outcome:list', DESCRIPTOR.saslOutcome],
  ['amqp:header:list', DESCRIPTOR.header],
  ['amqp:delivery-annotations:map', DESCRIPTOR.deliveryAnnotations],
  ['amqp:message-annotations:map', DESCRIPTOR.messageAnnotations],
  ['amqp:properties:list', DESCRIPTOR.properties],
  ['amqp:application-properties:map', DESCRIPTOR.applicationProperties],
  ['amqp:data:binary', DESCRIPTOR.data],
  ['amqp:amqp-sequence:list', DESCRIPTOR.amqpSequence],
  ['amqp:amqp-value:*', DESCRIPTOR.amqpValue],
  ['amqp:footer:map', DESCRIPTOR.footer],
]);

/**
 * The code of the described value that begins at `start`, whichever form its descriptor has.
 * @throws WireError when it is not described, or by nothing that AMQP itself describes
 */
export function descriptorCode(buffer: Buffer, start: number, end: number): number {
  if (start + 2 < end && buffer[start] === 0 && buffer[start + 1] === CODE.smallUlong) {
    return buffer[start + 2]!;
  }
  if (start + 2 > end || buffer[start] !== 0) throw new WireError('a descriptor is missing');
  const constructorCode = buffer[start + 1]!;
  const next = skipPlain(buffer, constructorCode, start + 2, end);
  switch (constructorCode) {
    case CODE.ulong:
      return knownCode(uint64At(buffer, start + 2));
    case CODE.symbol8:
      return symbolCode(buffer.toString('latin1', start + 3, next));
    case CODE.symbol32:
      return symbolCode(buffer.toString('latin1', start + 6, next));
    default:
      throw new WireError('a descriptor is neither a number nor a symbol');
  }
}

/** Where that begins which the descriptor at `start` describes. */
export function describedStart(buffer: Buffer, start: number, end: number): number {
  if (start + 2 > end || buffer[start] !== 0) throw new WireError('a descriptor is missing');
  const constructorCode = buffer[start + 1]!;
  return constructorCode === CODE.smallUlong
    ? start + 3
    : skipPlain(buffer, constructorCode, start + 2, end);
}

function knownCode(code: number | bigint): number {
  if (typeof code === 'number') return code;
  throw new WireError(`0x${code.toString(16)} describes nothing known here`);
}

function symbolCode(symbol: string): number {
  const code = SYMBOLS.get(symbol);
  if (code === undefined) throw new WireError('a symbol describes nothing known here');
  return code;
}
