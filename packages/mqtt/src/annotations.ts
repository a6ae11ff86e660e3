import { ByteWriter } from '@causeway/wire';
import { writeText } from './codec/text.js';

const USER_PROPERTY = 0x26;

/**
 * What the broker adds to a message, such as why it is a dead letter, as user properties after
 * other encoded properties.
 */
export function encodeAnnotations(
  annotations: ReadonlyMap<string, string>,
  before: Buffer,
): Buffer {
  const writer = new ByteWriter().bytes(before);
  for (const [name, value] of annotations) {
    writer.uint8(USER_PROPERTY);
    writeText(writer, name);
    writeText(writer, value);
  }
  return writer.take();
}
