import { WebSocket } from 'ws';
import { DrillError } from '../drill-error.js';

const CONNECT_MS = 2000;

/**
 * Has a Node.js process do nothing else for a while, through its inspector.
 * @param inspector its address: `ws://127.0.0.1:PORT/ID`
 * @throws DrillError when there is no such inspector
 */
export async function stallEventLoop(inspector: string, milliseconds: number): Promise<void> {
  const socket = new WebSocket(inspector, { handshakeTimeout: CONNECT_MS });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', (error) =>
      reject(new DrillError(`the inspector of the broker does not answer: ${error.message}`)),
    );
  });
  // The inspector is closed again: another process may want its port.
  const close = "process.getBuiltinModule?.('inspector').close()";
  const loop =
    `{ const end = performance.now() + ${milliseconds}; while (performance.now() < end); ` +
    `setImmediate(() => ${close}); }`;
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression: loop } }));
  await new Promise<void>((resolve) => {
    socket.once('message', () => resolve());
    socket.once('close', () => resolve());
    socket.once('error', () => resolve());
  });
  socket.close();
}
