/** A first-in first-out queue in one array that doubles when it is full: no shifting, no nodes. */
export class Ring<T> {
  #slots: (T | undefined)[];
  #head = 0;
  #length = 0;

  /** @param capacity a power of two */
  constructor(capacity = 16) {
    this.#slots = new Array<T | undefined>(capacity).fill(undefined);
  }

  get length(): number {
    return this.#length;
  }

  push(value: T): void {
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = value;
    this.#length++;
  }

  peek(): T | undefined {
    return this.#slots[this.#head];
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const value = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length--;
    return value;
  }

  /** The element `index` places behind the head. */
  at(index: number): T | undefined {
    if (index < 0 || index >= this.#length) return undefined;
    return this.#slots[(this.#head + index) & (this.#slots.length - 1)];
  }

  clear(): void {
    this.#slots.fill(undefined);
    this.#head = 0;
    this.#length = 0;
  }

  #grow(): void {
    const grown = new Array<T | undefined>(this.#slots.length * 2).fill(undefined);
    for (let index = 0; index < this.#length; index++) grown[index] = this.at(index);
    this.#slots = grown;
    this.#head = 0;
  }
}
