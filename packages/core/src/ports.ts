import type { Address } from './address.js';
import type { Message } from './message.js';

/** Time, handed in: nothing in core asks the system. */
export interface Clock {
  /** Monotonic milliseconds, for everything that measures or waits. */
  monotonicMs(): number;
  /** Wall-clock milliseconds since 1970, for expiry and timestamps. */
  wallMs(): number;
}

export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** Random bytes as a hexadecimal string, for ids that must not be guessed. */
  hex(bytes: number): string;
}

/** A reason not to read from a producer for now. */
export interface Backpressure {
  /** It is gone: the producer may be read again. */
  readonly over: boolean;
}

/** Structured log lines. Values never hold secrets or bodies. */
export interface Log {
  debug(event: string, fields?: Readonly<Record<string, unknown>>): void;
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void;
  error(event: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Security decisions: refused logins and permissions. */
  audit(event: string, fields?: Readonly<Record<string, unknown>>): void;
}

export const SILENT_LOG: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  audit() {},
};

/** Who a connection acts for. */
export interface Principal {
  readonly name: string;
  readonly groups: ReadonlySet<string>;
}

export type Action = 'read' | 'write' | 'admin';

/** Decides what a principal may do; asked once per destination and connection, then cached. */
export interface Authorizer {
  allows(principal: Principal, action: Action, address: Address): boolean;
}

/** How a connection proves who it is. Secrets are checked off the event loop. */
export interface Authenticator {
  /** Whether connections without credentials are let in. */
  readonly anonymous: boolean;
  /** Resolves to the principal, or null when the name or password is wrong. */
  password(name: string, password: Buffer, remoteAddress: string): Promise<Principal | null>;
  /** The principal of a verified client certificate, or null when it names no user. */
  certificate(subject: CertificateSubject): Principal | null;
  /** The server's side of one login by SCRAM-SHA-256. */
  startScram(remoteAddress: string): ScramExchange;
}

/** The name of SCRAM-SHA-256, as a SASL mechanism and as an authentication method. */
export const SCRAM_MECHANISM = 'SCRAM-SHA-256';

/**
 * The server's side of one conversation of SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel
 * binding. A user who does not exist gets as far as one with a wrong password.
 */
export interface ScramExchange {
  /** The name that the client gave, for the log; empty before. */
  readonly username: string;
  /** Whether the client's first message was answered. */
  readonly started: boolean;
  /**
   * Answers client-first-message with server-first-message.
   * @throws BrokerError `not-authenticated`
   */
  start(message: Buffer): Buffer;
  /**
   * Checks client-final-message.
   * @throws BrokerError `not-authenticated`
   */
  finish(message: Buffer): ScramResult;
}

export interface ScramResult {
  readonly principal: Principal;
  /** The server's last message, which proves to the client that the server knows the user. */
  readonly serverFinal: Buffer;
}

export interface CertificateSubject {
  readonly commonName: string;
  /** In RFC 2253 form, such as `CN=shop-1,O=Example`. */
  readonly distinguishedName: string;
}

/** A cold record: JSON with a meaning of its own, identified by kind and number. */
export type DocumentKind = 'queue' | 'binding' | 'session' | 'retained';

/** What is known of a queue's messages at a commit; see docs/data-on-disk.md. */
export interface QueueState {
  /** Every sequence below it is settled. */
  readonly watermark: number;
  /** Settled sequences at or above the watermark, as flat pairs [first, last, first, last...]. */
  readonly settledRanges: readonly number[];
  /** Failed deliveries of unsettled sequences, as flat pairs [sequence, count...]. */
  readonly deliveryCounts: readonly number[];
  /** Sequences below it may have been handed to a consumer. */
  readonly dispatchedBelow: number;
}

/** What a store needs to read back from core when it writes a checkpoint. */
export interface CheckpointSource {
  queueState(queueId: number): QueueState | null;
  /** Slots of a session as flat pairs; null if the session is gone. */
  sessionSlots(sessionId: number): ReadonlyMap<number, Buffer> | null;
}

export interface RecoveredQueue extends QueueState {
  /** The lowest sequence never used. */
  readonly tail: number;
}

export interface RecoveredState {
  /** Latest version of each document that is not deleted: id to bytes. */
  readonly documents: Readonly<Record<DocumentKind, ReadonlyMap<number, Buffer>>>;
  /** Per queue id; a queue without an entry never held a stored message. */
  readonly queues: ReadonlyMap<number, RecoveredQueue>;
  readonly sessionSlots: ReadonlyMap<number, ReadonlyMap<number, Buffer>>;
  /** How often this store was opened for writing: part of every message id. */
  readonly bootCount: number;
}

/** A stored entry, read back. */
export interface StoredEntry {
  readonly sequence: number;
  /** Null when the record is missing or damaged: it is quarantined and must not be served. */
  readonly message: Message | null;
  /** Id of the shared body it came from; 0 when the body was stored with the entry. */
  readonly bodyId: number;
  /** All [queueId, sequence] pairs that share the body, flat; empty when it is not shared. */
  readonly bodyTargets: readonly number[];
  /** A non-durable message that was put aside by an earlier run: it must not be served. */
  readonly stale: boolean;
  /** It was put into this queue for a new subscription: a retained message. */
  readonly direct: boolean;
}

/** Which entries of a queue to read. */
export interface EntryRange {
  readonly first: number;
  /** Reading ends before this sequence. */
  readonly below: number;
  /** Entries to read at most. */
  readonly count: number;
  /**
   * The first sequence at or after the given one that is not settled: those between are passed
   * over. Asked right before it is read, since entries may be settled while a range is being read.
   */
  next(sequence: number): number;
}

/**
 * The durable side of core. Operations are staged into the open commit; `commit` seals it, and at
 * most one is being written at a time. Everything staged between two calls of `commit` becomes
 * durable together or not at all.
 */
export interface Store {
  /** Number of the commit that operations staged now will belong to. */
  readonly openCommit: number;
  /** Highest number of a durable commit. */
  readonly durableCommit: number;
  /** Whether the open commit holds anything. */
  readonly dirty: boolean;
  /** Bytes staged or being written. */
  readonly pendingBytes: number;

  /** Stores a message with its only entry. */
  putEntry(queueId: number, sequence: number, message: Message, direct: boolean): void;
  /** Stores a body that several queues share; `targets` are flat [queueId, sequence] pairs. */
  putBody(message: Message, targets: readonly number[]): void;
  /** Stores an entry that refers to a shared body. */
  putReference(queueId: number, sequence: number, bodyId: number, direct: boolean): void;
  deleteBody(bodyId: number): void;
  /** Records that an entry is settled for good, and frees its record. */
  settle(queueId: number, sequence: number): void;
  /** Records the number of failed deliveries of an entry. */
  deliveryFailed(queueId: number, sequence: number, count: number): void;
  /** Records that sequences below `below` may have been handed out. */
  dispatched(queueId: number, below: number): void;
  /** A small durable value of a session; null deletes it. */
  putSlot(sessionId: number, slot: number, value: Buffer | null): void;
  putDocument(kind: DocumentKind, id: number, value: Buffer): void;
  deleteDocument(kind: DocumentKind, id: number): void;
  putRetained(id: number, message: Message): void;

  /**
   * Reads the entries of a range, in order; the callback runs in a later turn. Fewer than asked for
   * are returned when their bodies are large, but at least one if any is still wanted.
   */
  readEntries(queueId: number, range: EntryRange, callback: (entries: StoredEntry[]) => void): void;
  /** Decodes a document of kind `retained`. */
  decodeRetained(value: Buffer): Message;

  /** Seals the open commit if it holds anything and none is being written. */
  commit(): void;
  /** Called once by core: `listener` runs after each commit became durable, in order. */
  onDurable(listener: (commit: number) => void): void;
  setCheckpointSource(source: CheckpointSource): void;
  /** Reads back what is live. Runs once, before anything is staged. */
  recover(): Promise<RecoveredState>;
  /** Waits for the commit being written, then closes. */
  close(): Promise<void>;
}
