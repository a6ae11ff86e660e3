export type { AmqpValue } from './codec/value.js';
