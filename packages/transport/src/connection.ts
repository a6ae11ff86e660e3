import {
  BrokerError,
  type ByteSink,
  type CloseReason,
  type EngineContext,
  type Limits,
  type Metrics,
  type Principal,
  type Protocol,
  type ProtocolEngine,
} from '@causeway/core';
import { OutputBuffer } from '@causeway/wire';
import type { Channel, ChannelOwner } from './channel.js';
import type { OverloadGate } from './overload-gate.js';
import type { Peer } from './peer.js';
import type { RefreshableClock } from './refreshable-clock.js';
import type { Flushable, TickLoop } from './tick-loop.js';

/** What all connections share. */
export interface ConnectionServices {
  readonly loop: TickLoop;
  readonly clock: RefreshableClock;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly overload: OverloadGate<Connection>;
  readonly context: EngineContext;
}

/**
 * One connection that speaks a protocol: passes input to its engine, and what the engine wrote in a
 * turn to the channel in one write.
 *
 * At most one write is in progress. While the channel has not taken it, output collects in `out`,
 * so that a slow reader costs one block and what its limit allows, however small the messages are.
 */
export class Connection implements ByteSink, ChannelOwner, Flushable {
  readonly out = new OutputBuffer();
  readonly #services: ConnectionServices;
  readonly #peer: Peer;
  readonly #channel: Channel;
  readonly #engine: ProtocolEngine;
  /** Reasons not to read. */
  #pauses = 0;
  #dirty = false;
  #writing: readonly Buffer[] | null = null;
  #writingBytes = 0;
  /** The engine may have seen `congested` and waits for `writable`. */
  #owesWritable = false;
  /** Reading is paused because output does not leave. */
  #heldForOutput = false;
  #authenticated = false;
  /** Input is no longer wanted; the channel closes when the output has left. */
  #closing: CloseReason | null = null;
  #closeDeadlineMs = 0;
  #engineClosed = false;
  #channelEnded = false;

  constructor(services: ConnectionServices, peer: Peer, channel: Channel, protocol: Protocol) {
    this.#services = services;
    this.#peer = peer;
    this.#channel = channel;
    this.#engine = protocol.open(this, services.context);
    channel.attach(this);
    // The engine may have asked while it was made; attaching starts to read.
    if (this.#pauses > 0) channel.pause();
  }

  /** Whether the client has yet to log in. */
  get inHandshake(): boolean {
    return !this.#authenticated && this.#closing === null;
  }

  get remoteAddress(): string {
    return this.#peer.remoteAddress;
  }

  get remotePort(): number {
    return this.#peer.remotePort;
  }

  get localPort(): number {
    return this.#peer.localPort;
  }

  get secure(): boolean {
    return this.#peer.secure;
  }

  get certificatePrincipal(): Principal | null {
    return this.#peer.certificatePrincipal;
  }

  get webSocketProtocol(): string | null {
    return this.#channel.webSocketProtocol;
  }

  get congested(): boolean {
    return this.out.length + this.#writingBytes > this.#services.limits.outputBytesMax;
  }

  get held(): boolean {
    return this.#services.overload.holds(this);
  }

  flush(): void {
    if (this.#dirty) return;
    this.#dirty = true;
    this.#services.loop.add(this);
  }

  pauseReading(): void {
    if (this.#pauses++ === 0 && this.#closing === null) this.#channel.pause();
  }

  resumeReading(): void {
    if (--this.#pauses === 0 && this.#closing === null) this.#channel.resume();
  }

  authenticated(): void {
    if (this.#authenticated) return;
    this.#authenticated = true;
    this.#channel.authenticated();
  }

  end(): void {
    this.#close('local');
  }

  destroy(): void {
    this.#closing ??= 'local';
    this.#channelEnded = true;
    this.#channel.destroy();
  }

  /** Ends the connection in its protocol's own words, such as when the broker stops. */
  closeWith(error: BrokerError): void {
    if (this.#closing !== null) return;
    this.#engine.closeWith(error);
    this.#services.loop.request();
  }

  received(chunk: Buffer): void {
    const { clock, metrics, overload, loop } = this.#services;
    clock.refresh();
    metrics.bytesReceived += chunk.length;
    // What arrives after the end is read and dropped: unread input would make the kernel reset the
    // connection before the peer has read our last words.
    if (this.#closing !== null) return;
    this.#peer.heard = true;
    try {
      this.#engine.receive(chunk);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.#engine.closeWith(error);
    }
    overload.check(this);
    // Before the next chunk of the same iteration, of which there may be dozens.
    if (this.congested) this.#holdForOutput();
    loop.request();
  }

  peerEnded(): void {
    if (this.#closing === null) {
      this.#close('ended');
      this.#tellEngine('ended');
    }
  }

  failing(): void {
    this.#close('reset');
    this.#channelEnded = true;
  }

  gone(reason: CloseReason): void {
    this.#recycle(this.out.take());
    this.#services.overload.forget(this);
    this.#closing ??= reason;
    this.#tellEngine(this.#closing);
    this.#channelEnded = true;
  }

  written(failed: boolean): void {
    // After a failure the kernel side may still hold on to the chunks: they are not used again.
    if (this.#writing !== null && !failed) this.#recycle(this.#writing);
    this.#writing = null;
    this.#writingBytes = 0;
    if (this.out.length > 0 || this.#owesWritable || this.#closing !== null) this.flush();
  }

  flushNow(): void {
    this.#dirty = false;
    if (this.#closing !== null) this.#tellEngine(this.#closing);
    if (this.congested) this.#owesWritable = true;
    if (this.#writing === null && this.out.length > 0) this.#write();
    if (this.#closing !== null) this.#endChannel();
    else if (this.#owesWritable) this.#relieve();
  }

  /** Called about once a second: the engine's deadlines, or the one of closing. */
  sweep(nowMs: number): void {
    if (this.#closing !== null) {
      if (nowMs >= this.#closeDeadlineMs) this.#channel.destroy();
      return;
    }
    this.#engine.tick(nowMs);
    this.#channel.sweep(nowMs);
  }

  #write(): void {
    if (this.#channelEnded) {
      this.#recycle(this.out.take());
      return;
    }
    this.#services.metrics.bytesSent += this.out.length;
    const chunks = this.out.take();
    this.#writing = chunks;
    this.#channel.write(chunks);
    this.#writingBytes = this.#channel.pendingBytes;
  }

  /** Lets the engine and the client go on if the output has left; stops reading if it has not. */
  #relieve(): void {
    if (this.congested) {
      this.#holdForOutput();
      return;
    }
    this.#owesWritable = false;
    if (this.#heldForOutput) {
      this.#heldForOutput = false;
      this.resumeReading();
    }
    this.#engine.writable();
    this.#services.loop.request();
  }

  /** A client that sends but does not read would have us collect answers without end. */
  #holdForOutput(): void {
    if (this.#heldForOutput) return;
    this.#heldForOutput = true;
    this.#owesWritable = true;
    this.pauseReading();
    this.flush();
  }

  #close(reason: CloseReason): void {
    if (this.#closing !== null) return;
    this.#closing = reason;
    const { clock, limits } = this.#services;
    this.#closeDeadlineMs = clock.monotonicMs() + limits.closeTimeoutMs;
    if (this.#pauses > 0) this.#channel.resume();
    this.flush();
  }

  #endChannel(): void {
    if (this.#channelEnded || this.#writing !== null) return;
    this.#channelEnded = true;
    this.#channel.end();
  }

  #tellEngine(reason: CloseReason): void {
    if (this.#engineClosed) return;
    this.#engineClosed = true;
    this.#engine.closed(reason);
    this.#services.loop.request();
  }

  #recycle(chunks: readonly Buffer[]): void {
    for (const chunk of chunks) OutputBuffer.recycle(chunk);
  }
}
