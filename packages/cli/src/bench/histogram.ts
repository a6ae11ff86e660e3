/** Buckets between a power of two and the next: values are off by 1.6 % at most. */
const STEPS = 64;
const OCTAVES = 40;

/** Counts durations in a fixed amount of memory, however many there are. */
export class Histogram {
  readonly #buckets = new Float64Array(STEPS * OCTAVES);
  #count = 0;
  #sum = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  /** Adds a duration in milliseconds. */
  record(milliseconds: number): void {
    const micros = Math.max(0, milliseconds * 1000);
    this.#buckets[bucketOf(micros)]!++;
    this.#count++;
    this.#sum += micros;
    if (micros > this.#max) this.#max = micros;
  }

  get meanMs(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count / 1000;
  }

  get maxMs(): number {
    return this.#max / 1000;
  }

  /** The duration in milliseconds that `percent` of all durations do not exceed. */
  percentileMs(percent: number): number {
    const rank = Math.ceil((percent / 100) * this.#count);
    let seen = 0;
    for (let index = 0; index < this.#buckets.length; index++) {
      seen += this.#buckets[index]!;
      if (seen >= rank && seen > 0) return Math.min(upperBound(index), this.#max) / 1000;
    }
    return 0;
  }
}

/** The first buckets are one microsecond wide each; from there on they grow with their values. */
function bucketOf(micros: number): number {
  if (micros < STEPS) return Math.floor(micros);
  const octave = Math.floor(Math.log2(micros)) - 6;
  const step = Math.floor(micros / 2 ** octave) - STEPS;
  return Math.min((octave + 1) * STEPS + step, STEPS * OCTAVES - 1);
}

function upperBound(index: number): number {
  if (index < STEPS) return index + 1;
  const octave = Math.floor(index / STEPS) - 1;
  return (STEPS + (index % STEPS) + 1) * 2 ** octave;
}
