export type { BoundAddress, ListenerConfig } from './listener.js';
export type { RefreshableClock } from './refreshable-clock.js';
export { TickLoop, type TickLoopOptions } from './tick-loop.js';
export type { TlsConfig } from './tls-files.js';
export { Transport, type TransportDependencies } from './transport.js';
