import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatHtml } from './html/page.js';
import { formatJunit } from './junit.js';
import type { RunReport } from './run-report.js';

/** Writes `report.json`, `report.xml` and `report.html` into a folder. */
export function writeReport(report: RunReport, folder: string): void {
  writeFileSync(join(folder, 'report.json'), `${JSON.stringify(report, null, 1)}\n`);
  writeFileSync(join(folder, 'report.xml'), formatJunit(report));
  writeFileSync(join(folder, 'report.html'), formatHtml(report));
}
