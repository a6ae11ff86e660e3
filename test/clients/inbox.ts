/** Bound of every wait: how long a broken broker can hold a test up. Nothing sleeps for it. */
const WAIT_MS = 5000;

/** What a client has received and no test has taken yet. */
export class Inbox<Item> {
  readonly #items: Item[] = [];
  #failure: Error | null = null;
  #changed: () => void = () => {};
  #listener: ((item: Item) => void) | null = null;

  get waiting(): number {
    return this.#items.length;
  }

  add(item: Item): void {
    if (this.#listener !== null) {
      this.#listener(item);
      return;
    }
    this.#items.push(item);
    this.#changed();
  }

  /** Hands what comes from now on to somebody else. */
  listen(listener: (item: Item) => void): void {
    this.#listener = listener;
  }

  /** Whoever waits now or later learns that nothing more comes. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#changed();
  }

  async next(): Promise<Item> {
    const [item] = await this.take(1);
    return item as Item;
  }

  /** Waits for as many items, and takes them. */
  async take(count: number): Promise<Item[]> {
    await this.#until(() => this.#items.length >= count);
    return this.#items.splice(0, count);
  }

  /** Waits for the first item that fits, and takes it and all before it. */
  async takeUntil(fits: (item: Item) => boolean): Promise<Item[]> {
    await this.#until(() => this.#items.some(fits));
    return this.#items.splice(0, this.#items.findIndex(fits) + 1);
  }

  /** Waits until as many items are here, for a while; takes none. */
  async expect(count: number, milliseconds: number): Promise<void> {
    await this.#until(() => this.#items.length >= count, milliseconds).catch(() => {});
  }

  async #until(done: () => boolean, waitMs = WAIT_MS): Promise<void> {
    if (done()) return;
    if (this.#failure !== null) throw this.#failure;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => settle(new Error(this.#late())), waitMs);
      const settle = (error: Error | null) => {
        clearTimeout(timer);
        this.#changed = () => {};
        if (error === null) resolve();
        else reject(error);
      };
      this.#changed = () => {
        if (done()) settle(null);
        else if (this.#failure !== null) settle(this.#failure);
      };
    });
  }

  #late(): string {
    return `only ${this.#items.length} items came in time`;
  }
}
