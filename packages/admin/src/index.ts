export { type AdminOptions, type AdminServer, startAdmin } from './admin-server.js';
export type { BrokerView, QueueView } from './broker-view.js';
