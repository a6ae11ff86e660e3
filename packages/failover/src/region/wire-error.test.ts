import { BrokerError } from '@causeway/core';
import { expect, test } from 'vitest';
import { LogTrimmedError } from '../log-trimmed-error.js';
import { errorDocument, errorOf } from './wire-error.js';

function sent(error: BrokerError | LogTrimmedError): Error {
  return errorOf(JSON.parse(JSON.stringify(errorDocument(error))));
}

test('errors come over as what they are', () => {
  const error = sent(new BrokerError('storage-failed', 'the disk is full'));
  expect(error).toMatchObject({ code: 'storage-failed' });
  expect(error.message).toContain('the disk is full');
  expect(sent(new LogTrimmedError(3, 9))).toEqual(new LogTrimmedError(3, 9));
});

test('what a peer makes up is internal', () => {
  for (const document of [{}, { code: 'toString' }, { code: 7 }, { code: 'trimmed', first: -1 }]) {
    expect(errorOf(document)).toMatchObject({ code: 'internal' });
  }
});
