import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Flow } from './flow.js';
import { type FlowSettings, PLAIN } from './flow-settings.js';
import { seededRandom } from './seeded-random.js';

/** What has come out of the flow, and when. */
let events: string[];
let takes: boolean;
let startMs: number;

beforeEach(() => {
  vi.useFakeTimers();
  events = [];
  takes = true;
  startMs = performance.now();
});
afterEach(() => vi.useRealTimers());

function note(what: string): void {
  events.push(`${Math.round(performance.now() - startMs)} ${what}`);
}

function flow(settings: Partial<FlowSettings> = {}, seed = 1): Flow {
  return new Flow(
    {
      pause: () => note('pause'),
      resume: () => note('resume'),
      write: (bytes) => {
        note(bytes.length > 10 ? `${bytes.length} bytes` : bytes.toString());
        return takes;
      },
      end: () => note('end'),
      cut: () => note('cut'),
    },
    { ...PLAIN, plain: Object.keys(settings).length === 0, ...settings },
    seededRandom(seed),
  );
}

const bytes = (text: string) => Buffer.from(text);

describe('a flow', () => {
  test('passes on what comes, and holds back its source while the sink has enough', () => {
    const plain = flow();
    plain.push(bytes('a'));
    takes = false;
    plain.push(bytes('b'));
    plain.push(bytes('c'));
    plain.finish();
    plain.drained();
    expect(events).toEqual(['0 a', '0 b', '0 pause', '0 c', '0 end', '0 resume']);
  });

  test('with latency delays everything by as much, its end, too', () => {
    const late = flow({ latencyMs: 100 });
    late.push(bytes('a'));
    vi.advanceTimersByTime(30);
    late.push(bytes('b'));
    late.finish();
    vi.advanceTimersByTime(1000);
    expect(events).toEqual(['100 a', '130 b', '130 end']);
  });

  test('with jitter keeps the order, and repeats from its seed', () => {
    const run = () => {
      events = [];
      startMs = performance.now();
      const shaky = flow({ latencyMs: 100, jitterMs: 90 }, 7);
      for (const letter of 'abcdefgh') shaky.push(bytes(letter));
      vi.advanceTimersByTime(1000);
      return events;
    };
    const first = run();
    expect(first.map((event) => event.slice(-1)).join('')).toBe('abcdefgh');
    expect(new Set(first.map((event) => event.split(' ')[0])).size).toBeGreaterThan(2);
    expect(run()).toEqual(first);
  });

  test('lets go of what latency held back when there is none any more', () => {
    const late = flow({ latencyMs: 60_000 });
    late.push(bytes('a'));
    late.change(PLAIN);
    late.push(bytes('b'));
    expect(events).toEqual(['0 a', '0 b']);
  });

  test('with a bandwidth takes its time, and holds back its source', () => {
    const narrow = flow({ bytesPerMs: 1024 });
    for (let chunk = 0; chunk < 32; chunk++) narrow.push(Buffer.alloc(64 * 1024));
    narrow.finish();
    expect(narrow.heldBytes).toBeGreaterThan(1024 * 1024);
    expect(events).toContain('0 pause');
    vi.advanceTimersByTime(1100);
    expect(narrow.heldBytes).toBeLessThan(1024 * 1024);
    expect(events.filter((event) => event.endsWith('resume'))).toHaveLength(1);
    vi.advanceTimersByTime(1000);
    expect(events.at(-1)).toMatch(/^20[3-6]\d end$/);
  });

  test('without any bandwidth holds everything back until there is some', () => {
    const stuck = flow({ bytesPerMs: 0 });
    stuck.push(bytes('a'));
    stuck.finish();
    vi.advanceTimersByTime(60_000);
    expect(events).toEqual([]);
    stuck.change(PLAIN);
    expect(events).toEqual(['60000 a', '60000 end']);
  });

  test('in slices goes out piece by piece', () => {
    const sliced = flow({ sliceBytes: 2, sliceDelayMs: 10 });
    sliced.push(bytes('abcde'));
    sliced.push(bytes('f'));
    sliced.finish();
    vi.advanceTimersByTime(1000);
    expect(events).toEqual(['0 ab', '10 cd', '20 e', '30 f', '40 end']);
  });

  test('in slices of different sizes loses nothing', () => {
    const sliced = flow({ sliceBytes: 3, sliceVariation: 2 });
    sliced.push(bytes('abcdefghijklmnopqrstuvwxyz'));
    const pieces = events.map((event) => event.slice(2));
    expect(pieces.join('')).toBe('abcdefghijklmnopqrstuvwxyz');
    expect(new Set(pieces.map((piece) => piece.length)).size).toBeGreaterThan(2);
  });

  test('with a limit ends after so many bytes', () => {
    const limited = flow({ bytesMax: 5 });
    limited.push(bytes('abc'));
    limited.push(bytes('def'));
    limited.push(bytes('g'));
    expect(events).toEqual(['0 abc', '0 de', '0 cut']);
  });

  test('that vanishes says nothing, not even that it ended, and never again anything', () => {
    const gone = flow({ vanish: true });
    gone.push(bytes('a'));
    gone.finish();
    expect(gone.lost).toBe(true);
    gone.change(PLAIN);
    gone.push(bytes('b'));
    expect(events).toEqual([]);
  });

  test('that is closed forgets what it held', () => {
    const late = flow({ latencyMs: 10 });
    late.push(bytes('a'));
    late.close();
    vi.advanceTimersByTime(100);
    expect(events).toEqual([]);
    expect(late.heldBytes).toBe(0);
  });
});
