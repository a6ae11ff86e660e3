/** How this broker's STOMP behaves where the specification leaves it open. */
export interface StompOptions {
  /**
   * What a SEND without a `persistent` header is. ActiveMQ takes it for non-persistent, and its
   * users lose messages in restarts; here what is sent to a queue is kept.
   */
  readonly persistentByDefault: 'queues' | 'always' | 'never';
  /** The `server` header of CONNECTED: a name, a slash and a version. */
  readonly server: string;
}

export const DEFAULT_OPTIONS: StompOptions = {
  persistentByDefault: 'queues',
  server: 'Causeway/0.1.0',
};
