import { createRequire } from 'node:module';
import { dieWithParent } from './die-with-parent.js';
import { createProgram } from './program.js';
import { run } from './run.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

// A reader that goes away, such as `head`, is not an error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});
dieWithParent();
process.exitCode = await run(createProgram(version), process.argv.slice(2));
