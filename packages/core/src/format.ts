import type { Content } from './content.js';
import type { Dialect } from './dialect.js';
import { BrokerError } from './errors.js';
import type { Message } from './message.js';

/** A number that is stored with each message and never given to another format. */
export type FormatId = number;

export const FORMAT_IDS = { mqtt: 1, stomp: 2, amqp: 3 } as const;

/**
 * How one protocol keeps messages. A message holds the bytes of its sender's format; it is
 * converted once per other format, through {@link Content}, and only when somebody asks.
 */
export interface MessageFormat {
  readonly id: FormatId;
  readonly name: string;
  /** The `formatFlags` of a message that consists of what `build` returns. */
  readonly builtFlags: number;
  /** The versions of the protocol that use this format, the most capable first. */
  readonly dialects: readonly Dialect[];
  /** Reads a message of this format. The view may refer to the message's bytes. */
  view(message: Message): Content;
  /** Builds the bytes that a message of this format would have carried. */
  build(content: Content, message: Message): Buffer;
}

/** The formats that this broker knows. */
export class Formats {
  readonly #byId: (MessageFormat | undefined)[] = [];

  register(format: MessageFormat): void {
    this.#byId[format.id] = format;
  }

  /** Those that are registered, by their numbers. */
  all(): readonly MessageFormat[] {
    return this.#byId.filter((format) => format !== undefined);
  }

  /** The neutral view of any message, cached on it. */
  view(message: Message): Content {
    // What is cached outlives the call, and so must the bytes it refers to.
    message.keep();
    message.content ??= this.get(message.format).view(message);
    return message.content;
  }

  /**
   * The bytes of `message` in another format, converted once and cached on the message. Callers
   * use `message.bytes` itself when the formats are the same.
   */
  convert(message: Message, target: FormatId): Buffer {
    const cached = message.converted?.[target];
    if (cached !== undefined) return cached;
    const bytes = this.get(target).build(this.view(message), message);
    message.converted ??= [];
    message.converted[target] = bytes;
    return bytes;
  }

  /** @throws BrokerError `storage-newer` for one that is not registered */
  get(id: FormatId): MessageFormat {
    const format = this.#byId[id];
    if (format === undefined) {
      throw new BrokerError('storage-newer', `messages of format ${id} are not known here`);
    }
    return format;
  }
}
