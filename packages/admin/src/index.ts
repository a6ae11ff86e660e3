export { type AdminOptions, type AdminServer, startAdmin } from './admin-server.js';
export type { BrokerView, NodeView, QueueView } from './broker-view.js';
export { type ControlRoutes, type ControlServer, startControl } from './control-server.js';
