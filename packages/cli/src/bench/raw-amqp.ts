import type { Endpoint } from '../endpoint.js';
import type { BenchDriver, DriverSettings } from './bench-driver.js';
import { openRawAmqpConsumer } from './raw-amqp-consumer.js';
import { openRawAmqpProducer } from './raw-amqp-producer.js';

/** Frames cost little to build and parse here, so that the broker is what is measured. */
export function createRawAmqpDriver(endpoint: Endpoint, settings: DriverSettings): BenchDriver {
  return {
    name: 'raw AMQP 1.0',
    openProducer: (name, events) => openRawAmqpProducer(endpoint, settings, name, events),
    openConsumer: (name, events) => openRawAmqpConsumer(endpoint, settings, name, events),
  };
}
