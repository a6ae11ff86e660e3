import type { Protocol } from '@causeway/core';
import { StompEngine } from './engine.js';
import { WEB_SOCKET_SUBPROTOCOLS } from './handle-connect.js';
import { DEFAULT_OPTIONS, type StompOptions } from './options.js';
import { sniff } from './sniff.js';

export { stompFormat } from './format.js';
export type { StompOptions } from './options.js';

/** STOMP 1.0, 1.1 and 1.2. */
export function createStompProtocol(options: Partial<StompOptions> = {}): Protocol {
  const all = { ...DEFAULT_OPTIONS, ...options };
  return {
    name: 'stomp',
    webSocketSubprotocols: WEB_SOCKET_SUBPROTOCOLS,
    sniff,
    open: (sink, context) => new StompEngine(sink, context, all),
  };
}

export const stompProtocol: Protocol = createStompProtocol();
