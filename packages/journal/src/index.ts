export type { CommitBatch, CommitLog, KeyRange } from './commit-log.js';
export { Journal, type JournalOptions } from './journal.js';
export type { LevelOptions } from './level-database.js';
export { LevelLog } from './level-log.js';
export { MemoryLog } from './memory-log.js';
export { type OpenJournalOptions, openJournal } from './open-journal.js';
export { FORMAT_VERSION } from './record-kinds.js';
export { checkStore } from './store-check.js';
