import { BrokerError } from '@causeway/core';
import { corrupt } from './corruption.js';

/** How LevelDB reports files that are lost, and tables that are shorter than they should be. */
const DAMAGED_FILE = /^IO error: [\s\S]*(No such file or directory|Invalid argument)/;

/** The operating error behind an error of LevelDB. */
export function storageError(location: string, error: unknown): BrokerError {
  if (error instanceof BrokerError) return error;
  const text = messageOf(error);
  const codes = codesOf(error);
  if (codes.includes('LEVEL_LOCKED')) {
    return new BrokerError(
      'storage-locked',
      `the folder ${location} is in use by another process: stop it, or use another folder`,
      error,
    );
  }
  if (codes.includes('LEVEL_CORRUPTION') || DAMAGED_FILE.test(text)) {
    return corrupt(location, text, error);
  }
  return new BrokerError('storage-failed', `the store in ${location} failed: ${text}`, error);
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function codesOf(error: unknown): unknown[] {
  if (!(error instanceof Error)) return [];
  return [(error as { code?: unknown }).code, ...codesOf(error.cause)];
}
