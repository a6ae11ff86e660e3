import type {
  ClientEntry,
  DeliverEntry,
  LedgerEvent,
  RunEntry,
  SendEntry,
} from '../ledger/ledger-event.js';
import { parseMessageId } from '../ledger/message-id.js';

/** An event, and the line of the ledger that it is on, counted from 1. */
export type At<T = LedgerEvent> = T & { readonly t: number; readonly line: number };

export type Kind = LedgerEvent['kind'];
export type Of<K extends Kind> = At<Narrow<LedgerEvent, K>>;
/** Some kinds share a shape, and stand in one entry of the union. */
type Narrow<E extends LedgerEvent, K extends Kind> = E extends LedgerEvent
  ? K extends E['kind']
    ? E & { readonly kind: K }
    : never
  : never;

/** All that happened to one message. */
export interface MessageHistory {
  readonly id: string;
  readonly sends: At<SendEntry>[];
  readonly confirms: Of<'confirm'>[];
  readonly refusals: Of<'refuse'>[];
  /** By subscription, in the order of time. */
  readonly passages: Map<string, Passage>;
}

/** What a subscription saw of a message. */
export interface Passage {
  readonly deliveries: Delivery[];
  readonly settled: Settlement[];
}

/** A delivery, and the epoch of the connection that it came on. */
export type Delivery = At<DeliverEntry> & { readonly epoch: number | null };
export type Settlement = Of<'settled'> & { readonly epoch: number | null };

/** A ledger, in the order that the invariants ask for it. */
export class History {
  readonly run: RunEntry;
  readonly clients = new Map<string, ClientEntry>();
  /** Consumers of each subscription. */
  readonly subscriptions = new Map<string, ClientEntry[]>();
  readonly messages = new Map<string, MessageHistory>();
  /** All deliveries, in the order of time, with their subscription. */
  readonly deliveries: { readonly subscription: string; readonly delivery: Delivery }[] = [];
  readonly #byKind = new Map<Kind, At[]>();
  readonly #epochs = new Map<string, number>();

  /** @param events as `readLedger` returns them: the first one is a run */
  constructor(events: readonly LedgerEvent[]) {
    this.run = events[0] as RunEntry & { t: number };
    let line = 0;
    for (const event of events) this.#add({ ...event, line: ++line });
  }

  of<K extends Kind>(kind: K): readonly Of<K>[] {
    return (this.#byKind.get(kind) ?? []) as unknown as Of<K>[];
  }

  /** The subscriptions that get what this producer sends. */
  subscriptionsOf(producer: string): string[] {
    const destination = this.clients.get(producer)?.destination;
    return [...this.subscriptions]
      .filter(([, [consumer]]) => consumer!.destination === destination)
      .map(([name]) => name);
  }

  /** How many copies of a message the broker may have at a time. */
  copies(message: MessageHistory, t: number): number {
    let copies = 0;
    for (const send of message.sends) if (send.t <= t) copies = Math.max(copies, send.attempt);
    return copies;
  }

  #add(event: At): void {
    const list = this.#byKind.get(event.kind);
    if (list === undefined) this.#byKind.set(event.kind, [event]);
    else list.push(event);
    switch (event.kind) {
      case 'client':
        this.#addClient(event);
        break;
      case 'connected':
        if (event.epoch === undefined) this.#epochs.delete(event.client);
        else this.#epochs.set(event.client, event.epoch);
        break;
      case 'send':
        this.#message(event.id).sends.push(event);
        break;
      case 'confirm':
        this.#message(event.id).confirms.push(event as Of<'confirm'>);
        break;
      case 'refuse':
        this.#message(event.id).refusals.push(event as Of<'refuse'>);
        break;
      case 'deliver':
        this.#addDelivery(event);
        break;
      case 'settled':
        this.#passage(event).settled.push({
          ...(event as Of<'settled'>),
          epoch: this.#epochs.get(event.client) ?? null,
        });
        break;
      default:
    }
  }

  #addClient(client: ClientEntry): void {
    this.clients.set(client.client, client);
    if (client.subscription === undefined) return;
    const consumers = this.subscriptions.get(client.subscription);
    if (consumers === undefined) this.subscriptions.set(client.subscription, [client]);
    else consumers.push(client);
  }

  #addDelivery(event: At<DeliverEntry>): void {
    const delivery = { ...event, epoch: this.#epochs.get(event.client) ?? null };
    this.#passage(event).deliveries.push(delivery);
    this.deliveries.push({ subscription: this.#subscription(event.client), delivery });
  }

  #passage({ client, id }: { readonly client: string; readonly id: string }): Passage {
    const { passages } = this.#message(id);
    const subscription = this.#subscription(client);
    let passage = passages.get(subscription);
    if (passage === undefined) {
      passage = { deliveries: [], settled: [] };
      passages.set(subscription, passage);
    }
    return passage;
  }

  #subscription(client: string): string {
    return this.clients.get(client)?.subscription ?? client;
  }

  #message(id: string): MessageHistory {
    let message = this.messages.get(id);
    if (message === undefined) {
      message = { id, sends: [], confirms: [], refusals: [], passages: new Map() };
      this.messages.set(id, message);
    }
    return message;
  }
}

/** The producer of a message; the empty string when no drill made its id. */
export function producerOf(id: string): string {
  return parseMessageId(id)?.producer ?? '';
}
