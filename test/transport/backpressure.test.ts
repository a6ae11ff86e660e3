import { describe, expect, it } from 'vitest';
import { type FakeEngine, fakeProtocol } from './fake-protocol.js';
import { Harness, until } from './harness.js';
import { RawClient } from './raw-client.js';

const OUTPUT_BYTES_MAX = 256 * 1024;

describe('backpressure from a slow reader', () => {
  it('holds the engine back at the limit, and lets it go on when the reader reads', async () => {
    const frame = Buffer.alloc(1000, 'f');
    const frames = 100_000;
    let sent = 0;
    const fill = (engine: FakeEngine) => {
      while (sent < frames && !engine.sink.congested) {
        engine.send(frame);
        sent++;
      }
    };
    const flood = fakeProtocol('flood', { onReceive: fill, onWritable: fill });
    const harness = new Harness({
      protocols: [flood],
      limits: { outputBytesMax: OUTPUT_BYTES_MAX },
    });
    const { port } = await harness.listen({ protocol: 'flood' });
    const client = RawClient.connect(port).send('go');
    client.socket.pause();
    const waiting = () => flood.engines[0]?.sink.congested === true;
    await until(() => waiting() && flood.engines[0]!.writables > 0, 'the kernel takes no more');
    // The kernel's buffers took some megabytes; beyond them only the limit and a frame wait.
    const stuckAt = sent;
    expect(stuckAt).toBeLessThan(frames);
    expect(flood.engines[0]!.sink.out.length).toBeLessThanOrEqual(OUTPUT_BYTES_MAX + frame.length);

    client.socket.resume();
    await until(() => client.bytes === frames * frame.length, 'everything arrives');
    expect(sent).toBe(frames);
  });

  it('does not slow another reader', async () => {
    const fill = (engine: FakeEngine) => {
      while (!engine.sink.congested) engine.send(Buffer.alloc(10_000));
    };
    const flood = fakeProtocol('flood', { onReceive: fill, onWritable: fill });
    const harness = new Harness({ protocols: [flood] });
    const { port } = await harness.listen({ protocol: 'flood' });
    const slow = RawClient.connect(port).send('go');
    slow.socket.pause();
    await until(() => flood.engines[0]?.sink.congested === true, 'the slow one is stuck');
    const fast = RawClient.connect(port).send('go');
    await until(() => fast.bytes > 20_000_000, 'the other one gets its bytes');
  });

  it('stops reading a client that sends and never reads', async () => {
    let most = 0;
    const amplifier = fakeProtocol('amplifier', {
      onReceive: (engine, chunk) => {
        for (let count = 0; count < 4; count++) engine.send(chunk);
        most = Math.max(most, engine.sink.out.length);
      },
    });
    const harness = new Harness({
      protocols: [amplifier],
      limits: { outputBytesMax: OUTPUT_BYTES_MAX },
    });
    const { port } = await harness.listen({ protocol: 'amplifier' });
    const client = RawClient.connect(port);
    client.socket.pause();
    const size = 40_000_000;
    client.send(Buffer.alloc(size, 'a'));
    await until(() => amplifier.engines[0]?.sink.congested === true, 'answers pile up');
    expect(harness.metrics.bytesReceived).toBeLessThan(size);

    client.socket.resume();
    await until(() => client.bytes === 4 * size, 'every answer arrives');
    // The chunk that goes over the limit, and the one that is read already, are still answered.
    expect(most).toBeLessThanOrEqual(OUTPUT_BYTES_MAX + 2 * 4 * 65_536);
  });
});

describe('backpressure from the disk', () => {
  it('reads producers no further until the broker has caught up', async () => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo] });
    const { port } = await harness.listen({ protocol: 'echo' });
    const client = RawClient.connect(port).send('one');
    await client.receives('one');
    harness.overloaded = true;
    client.send('two');
    // The chunk that shows the overload is still taken; nothing after it is.
    await client.receives('two');
    client.send('three');
    const { turns } = harness;
    harness.loop.request();
    await until(() => harness.turns > turns, 'a turn has run');
    expect(echo.engines[0]!.received).toBe('onetwo');

    harness.overloaded = false;
    harness.loop.request();
    await client.receives('three');
  });
});
