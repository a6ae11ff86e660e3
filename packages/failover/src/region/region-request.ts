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

/** What is to be asked. */
export interface Question {
  readonly frame: (request: number) => Buffer;
  readonly body?: Buffer;
  readonly repeatable: boolean;
  /** Where the usual time is too short. */
  readonly timeoutMs?: number;
}

/** Asks, and resolves with what `read` makes of the answer. */
export type Ask = <T>(question: Question, read: (type: number, payload: Buffer) => T) => Promise<T>;
