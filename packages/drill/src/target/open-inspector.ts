import { setTimeout as sleep } from 'node:timers/promises';
import { DrillError } from '../drill-error.js';

/** Where Node.js opens the inspector of a process that gets SIGUSR1. */
const LIST = 'http://127.0.0.1:9229/json/list';
const TRIES = 40;
const PAUSE_MS = 50;

/**
 * Has a Node.js process open its inspector.
 * @returns its address
 * @throws DrillError when it does not
 */
export async function openInspector(pid: number): Promise<string> {
  process.kill(pid, 'SIGUSR1');
  for (let count = 0; count < TRIES; count++) {
    await sleep(PAUSE_MS);
    try {
      const [target] = (await (await fetch(LIST)).json()) as { webSocketDebuggerUrl: string }[];
      if (target !== undefined) return target.webSocketDebuggerUrl;
    } catch {
      // It is not there yet.
    }
  }
  throw new DrillError(`process ${pid} does not open its inspector`);
}
