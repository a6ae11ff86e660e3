import type { AddressBook } from './address.js';
import type { OpenedSession, OpenSession } from './broker-api.js';
import {
  decodeDocument,
  encodeDocument,
  type SessionDocument,
  willFromDocument,
  willToDocument,
} from './documents.js';
import type { IdCounter } from './id-counter.js';
import type { Limits } from './limits.js';
import type { Clock, Store } from './ports.js';
import type { Queue } from './queue.js';
import type { Session, SessionOwner, Will } from './session.js';

interface Dependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly ids: IdCounter;
  readonly addresses: AddressBook;
  readonly schedule: (delayMs: number, callback: () => void) => () => void;
  readonly createQueue: (name: string, ownerId: number, durable: boolean) => Queue;
  readonly deleteQueue: (queue: Queue) => void;
  readonly closeConsumers: (queue: Queue) => void;
  readonly publishWill: (will: Will) => void;
}

class ClientSession implements Session {
  readonly id: number;
  readonly name: string;
  readonly queue: Queue;
  readonly slots = new Map<number, Buffer>();
  expiryMs: number;
  owner: SessionOwner | null = null;
  attachment: unknown = undefined;
  will: Will | null = null;
  /** The document that holds it; 0 while nothing of it is stored. */
  documentId: number;
  disconnectedAt: number | null = null;
  cancelExpiry: (() => void) | null = null;
  cancelWill: (() => void) | null = null;

  constructor(id: number, documentId: number, name: string, queue: Queue, expiryMs: number) {
    this.id = id;
    this.documentId = documentId;
    this.name = name;
    this.queue = queue;
    this.expiryMs = expiryMs;
  }
}

/** The sessions of all clients, connected or away. */
export class SessionTable {
  readonly #byName = new Map<string, ClientSession>();
  readonly #byId = new Map<number, ClientSession>();
  readonly #dependencies: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  get size(): number {
    return this.#byName.size;
  }

  slots(sessionId: number): ReadonlyMap<number, Buffer> | null {
    return this.#byId.get(sessionId)?.slots ?? null;
  }

  open(options: OpenSession): OpenedSession {
    const { closeConsumers, limits } = this.#dependencies;
    const expiryMs = Math.min(options.expiryMs, limits.sessionExpiryMsMax);
    const former = this.#byName.get(options.name);
    if (former !== undefined && former.owner !== null) {
      const { owner } = former;
      owner.sessionTaken();
      closeConsumers(former.queue);
      this.close(former, owner, { discardWill: false });
    }
    let session = this.#byName.get(options.name);
    if (session !== undefined && options.clean) {
      this.#end(session);
      session = undefined;
    }
    const present = session !== undefined;
    session ??= this.#create(options.name, expiryMs);
    this.#cancelDeadlines(session);
    session.owner = options.owner;
    session.expiryMs = expiryMs;
    session.disconnectedAt = null;
    session.will = null;
    this.#save(session);
    return { session, present };
  }

  close(session: Session, owner: SessionOwner, options: { discardWill: boolean }): void {
    const record = session as ClientSession;
    if (record.owner !== owner) return;
    record.owner = null;
    if (options.discardWill) record.will = null;
    record.disconnectedAt = this.#dependencies.clock.wallMs();
    this.#wait(record, 0);
    if (this.#byName.get(record.name) === record) this.#save(record);
  }

  setWill(session: Session, will: Will | null): void {
    const record = session as ClientSession;
    record.will = will;
    if (will !== null && record.documentId === 0) {
      record.documentId = this.#dependencies.ids.durable();
    }
    this.#save(record);
  }

  putSlot(session: Session, slot: number, value: Buffer | null): void {
    const record = session as ClientSession;
    if (value === null) {
      if (!record.slots.delete(slot)) return;
    } else record.slots.set(slot, value);
    if (record.queue.durable) this.#dependencies.store.putSlot(record.id, slot, value);
  }

  /** Puts back a session that was stored; its client is away. */
  restore(id: number, bytes: Buffer, queues: ReadonlyMap<number, Queue>): void {
    const document = decodeDocument<SessionDocument>(bytes);
    const { clock, store, addresses } = this.#dependencies;
    const will = document.will === null ? null : willFromDocument(document.will, addresses);
    const queue = document.queueId === null ? undefined : queues.get(document.queueId);
    if (queue === undefined) {
      // The session ended with its connection: its will is due, however long its delay.
      store.deleteDocument('session', id);
      if (will !== null) this.#dependencies.publishWill(will);
      return;
    }
    const expiryMs = document.expiryMs ?? Number.POSITIVE_INFINITY;
    const session = new ClientSession(queue.ownerId, id, document.name, queue, expiryMs);
    session.will = will;
    session.disconnectedAt = document.disconnectedAt ?? clock.wallMs();
    this.#register(session);
    this.#wait(session, clock.wallMs() - session.disconnectedAt);
    const changed = document.disconnectedAt === null || session.will !== will;
    if (changed && this.#byId.get(session.id) === session) this.#save(session);
  }

  restoreSlots(sessionId: number, slots: ReadonlyMap<number, Buffer>): void {
    const session = this.#byId.get(sessionId);
    for (const [slot, value] of slots) session?.slots.set(slot, value);
  }

  #create(name: string, expiryMs: number): ClientSession {
    const { ids, createQueue } = this.#dependencies;
    const durable = expiryMs > 0;
    const id = durable ? ids.durable() : ids.transient();
    const queue = createQueue(name, id, durable);
    const session = new ClientSession(id, durable ? id : 0, name, queue, expiryMs);
    this.#register(session);
    return session;
  }

  #register(session: ClientSession): void {
    this.#byName.set(session.name, session);
    this.#byId.set(session.id, session);
  }

  /** Arms what happens to a session whose client is away since `awayMs`. */
  #wait(session: ClientSession, awayMs: number): void {
    const { schedule } = this.#dependencies;
    if (session.expiryMs <= awayMs) {
      this.#end(session);
      return;
    }
    const { will, expiryMs } = session;
    if (will !== null) {
      if (will.delayMs <= awayMs) this.#sendWill(session);
      else
        session.cancelWill = schedule(will.delayMs - awayMs, () => {
          this.#sendWill(session);
          this.#save(session);
        });
    }
    if (expiryMs === Number.POSITIVE_INFINITY) return;
    session.cancelExpiry = schedule(expiryMs - awayMs, () => this.#end(session));
  }

  /** The session ends: its will is due at the latest now [MQTT-3.1.3-9]. */
  #end(session: ClientSession): void {
    const { store, deleteQueue } = this.#dependencies;
    this.#cancelDeadlines(session);
    if (session.owner === null) this.#sendWill(session);
    this.#byName.delete(session.name);
    this.#byId.delete(session.id);
    deleteQueue(session.queue);
    if (session.documentId > 0) store.deleteDocument('session', session.documentId);
  }

  #sendWill(session: ClientSession): void {
    const { will } = session;
    session.will = null;
    if (will !== null) this.#dependencies.publishWill(will);
  }

  #cancelDeadlines(session: ClientSession): void {
    session.cancelExpiry?.();
    session.cancelWill?.();
    session.cancelExpiry = null;
    session.cancelWill = null;
  }

  #save(session: ClientSession): void {
    if (session.documentId === 0) return;
    const { store } = this.#dependencies;
    const stored = session.queue.durable;
    if (!stored && session.will === null) {
      store.deleteDocument('session', session.documentId);
      session.documentId = 0;
      return;
    }
    const { expiryMs } = session;
    const document: SessionDocument = {
      name: session.name,
      queueId: stored ? session.queue.id : null,
      expiryMs: expiryMs === Number.POSITIVE_INFINITY ? null : expiryMs,
      disconnectedAt: session.disconnectedAt,
      will: session.will === null ? null : willToDocument(session.will),
    };
    store.putDocument('session', session.documentId, encodeDocument(document));
  }
}
