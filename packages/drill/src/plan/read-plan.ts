import { readFileSync } from 'node:fs';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { DrillError } from '../drill-error.js';
import { checkPlan, type PlanProblem } from './check-plan.js';
import type { Plan } from './plan.js';
import { PLAN_SCHEMA } from './plan-schema.js';

/** @throws DrillError when the file cannot be read or is not a plan that can be run */
export function readPlan(file: string): Plan {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (error) {
    throw new DrillError(`${file}: cannot be read: ${(error as Error).message}`);
  }
  return parsePlan(file, source);
}

/**
 * @param file what messages say that the source comes from
 * @throws DrillError that names every problem with its line and column
 */
export function parsePlan(file: string, source: string): Plan {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  if (document.errors.length > 0) {
    throw new DrillError(
      document.errors.map((error) => `${at(error.pos[0])}: ${error.message}`).join('\n'),
    );
  }
  const parsed = PLAN_SCHEMA.safeParse(document.toJS() ?? {});
  const plan = parsed.success ? withLaneNames(parsed.data) : null;
  const problems: readonly PlanProblem[] =
    plan === null ? problemsOf(parsed.error!) : checkPlan(plan);
  if (problems.length > 0) {
    const locate = (path: readonly PropertyKey[]) => {
      for (let length = path.length; length > 0; length--) {
        const node = document.getIn(path.slice(0, length), true);
        if (isNode(node) && node.range) return at(node.range[0]);
      }
      return at(0);
    };
    throw new DrillError(
      problems
        .map(({ path, message }) => `${locate(path)}: ${path.map(String).join('.')}: ${message}`)
        .join('\n'),
    );
  }
  return plan!;
}

function problemsOf(error: {
  readonly issues: readonly {
    readonly path: PropertyKey[];
    readonly message: string;
    readonly code?: string | undefined;
    readonly keys?: readonly string[];
  }[];
}): PlanProblem[] {
  return error.issues.flatMap(({ path, message, code, keys }) =>
    code === 'unrecognized_keys'
      ? (keys ?? []).map((key) => ({ path: [...path, key], message: 'is not a key of a plan' }))
      : [{ path, message }],
  );
}

/** Lanes without a name are called after their client: `mqtt`, `mqtt-2`. */
function withLaneNames(plan: ReturnType<typeof PLAN_SCHEMA.parse>): Plan {
  const taken = new Map<string, number>();
  return {
    ...plan,
    workload: plan.workload.map((lane) => {
      const wanted = lane.name ?? lane.client;
      const count = (taken.get(wanted) ?? 0) + 1;
      taken.set(wanted, count);
      return { ...lane, name: lane.name ?? (count === 1 ? wanted : `${wanted}-${count}`) };
    }),
  };
}
