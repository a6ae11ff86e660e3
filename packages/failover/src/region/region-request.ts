/** A request that waits for its answer, or for a connection to be sent on. */
export interface RegionRequest {
  readonly frame: Buffer;
  /** Follows the frame; null for none. */
  readonly body: Buffer | null;
  readonly deadlineMs: number;
  /** Whether asking twice does no harm: it is sent again after a lost connection. */
  readonly repeatable: boolean;
  sent: boolean;
  /** @throws BrokerError `protocol-violation` for an answer that it cannot have */
  answer(type: number, payload: Buffer): void;
  fail(cause: Error): void;
}
