/** How this broker's AMQP presents itself. */
export interface AmqpOptions {
  /** The container id in open; identifies the broker to its clients (part 2.4.1). */
  readonly containerId: string;
  readonly product: string;
  readonly version: string;
}

export const DEFAULT_OPTIONS: AmqpOptions = {
  containerId: 'causeway',
  product: 'Causeway',
  version: '0.1.0',
};
