export { amqpFormat } from './format.js';
