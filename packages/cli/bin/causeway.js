#!/usr/bin/env node
// The store's writes, scrypt and file reads share libuv's pool: its size is read once, before the
// first use, so it is set before anything else is loaded.
process.env.UV_THREADPOOL_SIZE ??= '8';
await import('../dist/main.js');
