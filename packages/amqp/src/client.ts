import type { BrokerApi, ByteSink, Confirmable, Connection } from '@causeway/core';
import { encodeClose } from './codec/encode-performative.js';
import type { AmqpErrorInfo, Open } from './codec/types.js';
import { DetachedTermini } from './detached-termini.js';
import type { AmqpEngine } from './engine.js';
import { AmqpError, CONDITION } from './errors.js';
import { fitError } from './fit-error.js';
import type { LinkRegistry } from './link-registry.js';
import { NumberPool } from './number-pool.js';
import type { Session } from './session.js';
import { TemporaryNodes } from './temporary-nodes.js';
import { ClientTransactions } from './transactions.js';

const GOODBYE = 0;

/**
 * - `open`: frames are handled.
 * - `leaving`: close came or was sent; what is confirmed first is still said, nothing is read.
 * - `ended`: the output is closed.
 */
type ClientState = 'open' | 'leaving' | 'ended';

/** A client whose connection is open: what the verbs act on. */
export class AmqpClient implements Confirmable {
  readonly broker: BrokerApi;
  readonly sink: ByteSink;
  readonly connection: Connection;
  readonly containerId: string;
  readonly registry: LinkRegistry;
  readonly temporary: TemporaryNodes;
  readonly termini = new DetachedTermini(this);
  readonly transactions: ClientTransactions;
  /** Bytes of the largest frame that the client takes. */
  readonly remoteFrameBytesMax: number;
  /** The highest channel that the client may use. */
  readonly channelMax: number;
  /** Milliseconds of our silence that the client bears; 0 for any. */
  readonly remoteIdleTimeOutMs: number;
  pendingConfirms = 0;
  /** Something was written since the last look of the idle watch. */
  wrote = false;
  /** Bytes of messages that have not arrived completely, over all links. */
  partialBytes = 0;
  /** Channels on which we send. */
  readonly channels: NumberPool;
  #state: ClientState = 'open';
  /** By the channel on which the client sends. */
  readonly #sessions: (Session | undefined)[] = [];
  #failure: AmqpErrorInfo | null = null;

  constructor({ context, sink, registry }: AmqpEngine, connection: Connection, open: Open) {
    this.broker = context.broker;
    this.sink = sink;
    this.connection = connection;
    this.registry = registry;
    this.containerId = open.containerId;
    this.transactions = new ClientTransactions(this);
    this.temporary = new TemporaryNodes(context.broker, connection, registry.nodes);
    this.remoteFrameBytesMax = Math.min(
      open.maxFrameSize,
      context.broker.limits.transferFrameBytesMax,
    );
    this.channelMax = context.broker.limits.sessionsPerConnectionMax - 1;
    this.channels = new NumberPool(open.channelMax);
    this.remoteIdleTimeOutMs = open.idleTimeOut;
  }

  get reads(): boolean {
    return this.#state === 'open';
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  get sessions(): readonly (Session | undefined)[] {
    return this.#sessions;
  }

  /** @throws AmqpError when there is no session on the channel */
  session(channel: number): Session {
    const session = this.#sessions[channel];
    if (session !== undefined) return session;
    throw new AmqpError('connection', CONDITION.notAllowed, `no session on channel ${channel}`);
  }

  /** @param channel of the client */
  setSession(channel: number, session: Session | undefined): void {
    // Channels are bounded by channel-max; a gap costs a slot each.
    while (this.#sessions.length < channel) this.#sessions.push(undefined);
    this.#sessions[channel] = session;
  }

  /** An error such as it fits into a frame of the client. */
  fit(error: AmqpErrorInfo | null): AmqpErrorInfo | null {
    return error === null ? null : fitError(error, this.remoteFrameBytesMax);
  }

  write(frame: Buffer): void {
    this.sink.out.copy(frame, 0, frame.length);
    this.flush();
  }

  flush(): void {
    this.wrote = true;
    this.sink.flush();
  }

  writable(): void {
    if (this.#state !== 'open') return;
    for (const session of this.#sessions) session?.resume();
  }

  /** The client closed: what it did so far is answered first. */
  leave(): void {
    if (this.#state !== 'open') return;
    this.#state = 'leaving';
    this.#endSessions();
    this.broker.confirm(this, GOODBYE);
  }

  /** Ends the connection with an error, after what was confirmed before it. */
  fail(error: AmqpErrorInfo): void {
    if (this.#state !== 'open') return;
    this.#failure = error;
    this.leave();
    this.broker.requestTurn();
  }

  confirmed(_token: number): void {
    if (this.#state !== 'leaving') return;
    this.#state = 'ended';
    this.write(encodeClose(0, this.fit(this.#failure)));
    this.sink.end();
  }

  /** The connection is gone. */
  release(): void {
    this.transactions.close();
    this.#endSessions();
    this.#state = 'ended';
    this.temporary.clear();
    this.connection.close();
  }

  #endSessions(): void {
    for (const session of this.#sessions) session?.releaseLinks('connection-close');
    this.registry.passed(this, 'connection-close');
    this.termini.passed('connection-close');
  }
}
