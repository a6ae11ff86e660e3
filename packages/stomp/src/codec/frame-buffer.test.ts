import { expect, test } from 'vitest';
import { FrameBuffer } from './frame-buffer.js';

test('a chunk passes through while nothing waits', () => {
  const buffer = new FrameBuffer();
  const chunk = Buffer.from('abc');
  expect(buffer.push(chunk)).toBe(chunk);
  buffer.keep(chunk, 3);
  expect(buffer.length).toBe(0);
});

test('what is left is joined with what comes, and is a copy', () => {
  const buffer = new FrameBuffer();
  const chunk = Buffer.from('abcd');
  buffer.keep(buffer.push(chunk), 2);
  chunk.fill('x');
  let view = buffer.push(Buffer.from('ef'));
  expect(view.toString()).toBe('cdef');
  buffer.keep(view, 0);
  view = buffer.push(Buffer.from('gh'));
  expect(view.toString()).toBe('cdefgh');
  buffer.keep(view, 5);
  expect(buffer.push(Buffer.from('i')).toString()).toBe('hi');
});

test('small chunks of a long frame are copied a constant number of times', () => {
  const buffer = new FrameBuffer();
  let joins = 0;
  let memory = buffer.push(Buffer.from('x')).buffer;
  buffer.keep(Buffer.from('x'), 0);
  for (let count = 0; count < 100_000; count++) {
    const view = buffer.push(Buffer.from('y'));
    if (view.buffer !== memory) joins++;
    memory = view.buffer;
    buffer.keep(view, 0);
  }
  expect(buffer.length).toBe(100_001);
  expect(joins).toBeLessThan(20);
});

test('nothing is left after the last frame or a clear', () => {
  const buffer = new FrameBuffer();
  buffer.append(Buffer.from('ab'));
  expect(buffer.push(Buffer.alloc(0)).toString()).toBe('ab');
  buffer.clear();
  expect(buffer.push(Buffer.from('c')).toString()).toBe('c');
});
