/** The numbers from 0 to a highest one that one side has in use: its channels, its handles. */
export class NumberPool {
  readonly #max: number;
  readonly #used = new Set<number>();

  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Takes a number: the one that is wanted if it is free, else the lowest that is.
   * @returns null when all are in use
   */
  take(wanted: number): number | null {
    let number = wanted;
    if (number > this.#max || this.#used.has(number)) {
      number = 0;
      // There are as many steps as numbers in use at most, which limits bound.
      while (this.#used.has(number)) number++;
      if (number > this.#max) return null;
    }
    this.#used.add(number);
    return number;
  }

  give(number: number): void {
    this.#used.delete(number);
  }
}
