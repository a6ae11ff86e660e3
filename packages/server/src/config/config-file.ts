import { readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { ConfigError } from './config-problem.js';
import type { Path } from './option-rows.js';

/** A configuration file, read and parsed, that knows where each key stands. */
export interface ConfigFile {
  readonly value: unknown;
  /** `file:line:column` of a key, or of the closest thing around it. */
  locate(path: Path): string;
}

/** What is used when no file is given. */
export const NO_FILE: ConfigFile = { value: {}, locate: () => 'configuration' };

/** @throws ConfigError when the file cannot be read or is not YAML */
export function readConfigFile(file: string): ConfigFile {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([`${file}: cannot be read: ${(error as Error).message}`]);
  }
  return parseConfigFile(file, source);
}

/** @throws ConfigError when the source is not YAML */
export function parseConfigFile(file: string, source: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  if (document.errors.length > 0) {
    throw new ConfigError(document.errors.map((error) => `${at(error.pos[0])}: ${error.message}`));
  }
  let value: unknown;
  try {
    value = document.toJS() ?? {};
  } catch (error) {
    throw new ConfigError([`${file}: ${(error as Error).message}`]);
  }
  const root = document.contents as Node | null;
  return { value, locate: (path) => at(offsetOf(root, path)) };
}

/** Follows the path as far as it leads; a key is more telling than its value. */
function offsetOf(root: Node | null, path: Path): number {
  let offset = root?.range?.[0] ?? 0;
  let node: unknown = root;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        ({ key }) => isScalar(key) && String(key.value) === String(part),
      );
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof part === 'number') {
      const item = node.items[part];
      if (item === undefined) break;
      offset = (item as Node).range?.[0] ?? offset;
      node = item;
    }
  }
  return offset;
}
