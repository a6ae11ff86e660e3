import type { CloseReason } from '@causeway/core';

/** What a connection is told by the channel that carries its bytes. */
export interface ChannelOwner {
  /** Bytes arrived. The chunk is valid during the call only. */
  received(chunk: Buffer): void;
  /** The write that `Channel.write` began has ended; `failed` when its bytes did not all leave. */
  written(failed: boolean): void;
  /** The peer will send nothing more. */
  peerEnded(): void;
  /** The channel fails and closes by itself: nothing more is read or written. */
  failing(): void;
  /** The channel is gone; called exactly once, last. */
  gone(reason: CloseReason): void;
}

/** Carries bytes in both directions: a TCP or TLS socket, or a WebSocket over one of them. */
export interface Channel {
  /** Over WebSocket, the agreed sub-protocol. */
  readonly webSocketProtocol: string | null;
  /** Bytes that were written and that the kernel has not taken yet. */
  readonly pendingBytes: number;
  /** Starts to tell `owner` what happens. Called exactly once. */
  attach(owner: ChannelOwner): void;
  /**
   * Writes the chunks in one go; they belong to the channel until `written` is called. At most one
   * write is in progress at a time.
   */
  write(chunks: readonly Buffer[]): void;
  pause(): void;
  resume(): void;
  /** Limits that hold before login no longer apply. */
  authenticated(): void;
  /** Called about once a second while the connection is open. */
  sweep(nowMs: number): void;
  /** Closes in order once everything written has left. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}
