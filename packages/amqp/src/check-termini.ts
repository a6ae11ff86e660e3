import { writeSource, writeTarget } from './codec/encode-terminus.js';
import type { Attach } from './codec/types.js';
import { ValueWriter } from './codec/value-writer.js';
import { AmqpError, CONDITION } from './errors.js';

/**
 * A link keeps its source and its target, with all that they name: filters, capabilities, properties
 * of nodes.
 * @param bytesMax bytes of both together, encoded
 * @throws AmqpError `amqp:resource-limit-exceeded`
 */
export function checkTermini({ source, target }: Attach, bytesMax: number): void {
  const writer = new ValueWriter();
  writeSource(writer, source);
  writeTarget(writer, target);
  if (writer.bytes.length <= bytesMax) return;
  const message = `source and target have more than ${bytesMax} bytes`;
  throw new AmqpError('link', CONDITION.resourceLimit, message);
}
