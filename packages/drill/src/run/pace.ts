const TICK_MS = 10;

/**
 * Calls `send` at a fixed rate, whatever becomes of it: an open loop, so that a broker that stands
 * still does not make its load smaller.
 * @param rate calls per second
 * @returns stops it
 */
export function pace(rate: number, send: (sequence: number) => void): () => void {
  const start = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - start) * rate) / 1000);
    while (sent < due) send(++sent);
  }, TICK_MS);
  return () => clearInterval(timer);
}
