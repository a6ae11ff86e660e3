import { Backoff } from './backoff.js';
import type { Address, ClientSettings } from './client-settings.js';

/** One connection of a client. */
export interface Connection {
  /** Ends it without a word. */
  destroy(): void;
}

/** What a connection tells about itself. */
export interface ConnectionEvents {
  /** The client has logged in, and has subscribed. */
  ready(resumed?: boolean): void;
  /** It is over, or never came to be. */
  ended(reason: string): void;
}

/** An attempt that takes longer has met a peer that does not answer. */
const ATTEMPT_MS = 2000;

/** Keeps a client connected: to one address after the other, with pauses that grow. */
export class Reconnector {
  readonly #settings: ClientSettings;
  readonly #open: (address: Address, events: ConnectionEvents) => Connection;
  readonly #lost: () => void;
  readonly #backoff: Backoff;
  #address = 0;
  #connection: Connection | null = null;
  #timer: NodeJS.Timeout | undefined;
  #ready = false;
  #stopped = false;

  /**
   * @param open starts one attempt
   * @param lost is told when the present connection has ended; former ones may say so late
   */
  constructor(
    settings: ClientSettings,
    open: (address: Address, events: ConnectionEvents) => Connection,
    lost: () => void = () => {},
  ) {
    this.#settings = settings;
    this.#open = open;
    this.#lost = lost;
    this.#backoff = new Backoff(settings.random);
  }

  get connected(): boolean {
    return this.#ready;
  }

  start(): void {
    const { addresses, name, ledger } = this.#settings;
    const address = addresses[this.#address++ % addresses.length]!;
    let over = false;
    const ended = (reason: string) => {
      if (over) return;
      over = true;
      clearTimeout(this.#timer);
      const kind = this.#ready ? 'disconnected' : 'error';
      this.#ready = false;
      this.#lost();
      connection?.destroy();
      if (this.#stopped) return;
      ledger.record({ kind, client: name, reason });
      this.#timer = setTimeout(() => this.start(), this.#backoff.next());
    };
    const ready = (resumed?: boolean) => {
      if (over || this.#stopped) return;
      clearTimeout(this.#timer);
      this.#backoff.reset();
      this.#ready = true;
      recordConnected(this.#settings, address, resumed);
    };
    this.#timer = setTimeout(() => ended('no answer in time'), ATTEMPT_MS);
    let connection: Connection | null = null;
    connection = this.#open(address, { ready, ended });
    this.#connection = connection;
  }

  stop(): void {
    this.#stopped = true;
    this.#ready = false;
    clearTimeout(this.#timer);
    this.#connection?.destroy();
  }
}

export function recordConnected(
  { ledger, name, epoch }: ClientSettings,
  { host, port }: Address,
  resumed: boolean | undefined,
): void {
  const known = epoch();
  ledger.record({
    ...{ kind: 'connected', client: name, address: `${host}:${port}` },
    ...(known === undefined ? {} : { epoch: known }),
    ...(resumed === undefined ? {} : { resumed }),
  });
}
