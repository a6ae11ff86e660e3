import { expect, test } from 'vitest';
import { isLoopback } from './loopback.js';

test.each(['127.0.0.1', '127.255.0.1', '::1', '::ffff:127.0.0.1', 'localhost', 'LOCALHOST'])(
  '%s is this machine',
  (address) => expect(isLoopback(address)).toBe(true),
);

test.each(['0.0.0.0', '::', '10.0.0.1', '::ffff:10.0.0.1', 'example.com', '', '127.0.0.1.evil'])(
  '%s is not',
  (address) => expect(isLoopback(address)).toBe(false),
);
