export { type AdminOptions, type AdminServer, startAdmin } from './admin-server.js';
export type { BrokerView, NodeView, QueueView } from './broker-view.js';
