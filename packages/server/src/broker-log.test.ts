import { describe, expect, test } from 'vitest';
import { createJsonLog, createPrettyLog } from './broker-log.js';
import { formatLogLine } from './pretty-line.js';

describe('the JSON log', () => {
  const collect = (level: 'debug' | 'error') => {
    const lines: Record<string, unknown>[] = [];
    const log = createJsonLog(level, { write: (line) => lines.push(JSON.parse(line)) });
    return { log, lines };
  };

  test('writes one object a line with its level, time and event', () => {
    const { log, lines } = collect('debug');
    log.info('listening', { port: 1883 });
    log.debug('detail');
    expect(lines).toEqual([
      { level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), port: 1883, event: 'listening' },
      { level: 'debug', time: expect.any(String), event: 'detail' },
    ]);
  });

  test('writes audit lines at every level, and marks them', () => {
    const { log, lines } = collect('error');
    log.info('hidden');
    log.warn('hidden');
    log.audit('login-refused', { user: 'mallory' });
    expect(lines).toEqual([
      expect.objectContaining({ audit: true, event: 'login-refused', user: 'mallory' }),
    ]);
  });
});

describe('the log for people', () => {
  test('has one line for each event from its level on', () => {
    const lines: string[] = [];
    const log = createPrettyLog('warn', (line) => lines.push(line));
    log.info('hidden');
    log.warn('slow', { ms: 12 });
    log.audit('refused');
    expect(lines.map((line) => line.slice(13))).toEqual(['WARN  slow ms=12\n', 'AUDIT refused\n']);
  });

  test('cannot be forged by what it shows', () => {
    const time = new Date('2026-01-02T03:04:05.678Z');
    const fields = {
      user: 'a\n00:00:00.000 INFO forged',
      plain: 'queue://a.>',
      list: [1],
      none: undefined,
    };
    expect(formatLogLine(time, 'info', 'event', fields)).toBe(
      '03:04:05.678 INFO  event user="a\\n00:00:00.000 INFO forged" plain=queue://a.> list=[1]\n',
    );
  });
});
