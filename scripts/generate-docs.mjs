// Writes the documents that come from tables in the source. Needs a build.
import { writeFileSync } from 'node:fs';
import { renderConfigurationReference } from '../packages/server/dist/index.js';

writeFileSync(new URL('../docs/configuration.md', import.meta.url), renderConfigurationReference());
