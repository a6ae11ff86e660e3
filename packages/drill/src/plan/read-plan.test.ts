import { describe, expect, it } from 'vitest';
import { DrillError } from '../drill-error.js';
import { parsePlan, readPlan } from './read-plan.js';

const GOOD = `
name: kill
every: 5s
workload:
  - { client: mqtt, qos: 2, rate: 100 }
  - { client: stomp }
  - { client: stomp, name: second-try }
faults:
  - { at: 1s, within: 500ms, fault: kill, on: active }
limits: { writeRto: 3s, readRto: { median: 2s, max: 5s } }
`;

const problems = (source: string): string => {
  try {
    parsePlan('plan.yaml', source);
  } catch (error) {
    expect(error).toBeInstanceOf(DrillError);
    return (error as Error).message;
  }
  return '';
};
const withLines = (...lines: string[]) =>
  problems(['name: p', 'every: 5s', 'workload: [{ client: amqp }]', ...lines].join('\n'));

describe('parsePlan', () => {
  it('reads a plan, and fills in what it leaves out', () => {
    const plan = parsePlan('plan.yaml', GOOD);
    expect(plan).toMatchObject({ name: 'kill', every: 5000, rounds: 1, seed: 1 });
    expect(plan.workload.map(({ name }) => name)).toEqual(['mqtt', 'stomp', 'second-try']);
    expect(plan.faults).toEqual([{ at: 1000, within: 500, fault: 'kill', on: 'active' }]);
    expect(plan.limits).toMatchObject({ lost: 0, writeRto: { max: 3000 } });
  });

  it('says where a problem is', () => {
    expect(withLines('rounds: 0')).toBe(
      'plan.yaml:4:9: rounds: must be a whole number from 1 to 10000',
    );
    expect(withLines('round: 2')).toMatch(/^plan.yaml:4:8: round: is not a key of a plan$/);
    expect(withLines('faults:', '  - { fault: explode }')).toMatch(
      /^plan.yaml:5:\d+: faults.0.fault/,
    );
    expect(problems('name: [')).toMatch(/^plan.yaml:1/);
    expect(problems('')).toMatch(/plan.yaml:1:1: name/);
  });

  it('names every problem at once', () => {
    expect(withLines('rounds: 0', 'seed: -1').split('\n')).toHaveLength(2);
  });

  it.each([
    ['a negative limit', 'limits: { lost: -1 }', 'limits.lost: must be a whole number'],
    ['no time at all', 'limits: { writeRto: 0s }', 'must be a duration'],
    ['less than the time between two messages', 'limits: { readRto: 20ms }', 'impossible'],
    ['more than a round', 'limits: { reconnect: 6s }', 'impossible: 6000 ms cannot be measured'],
    ['a median above the maximum', 'limits: { writeRto: { median: 3s, max: 2s } }', 'impossible'],
    ['a budget of nothing', 'limits: { writeRto: {} }', 'impossible'],
    ['a fault after the round', 'faults: [{ fault: pause, at: 4s, for: 2s }]', 'ends 6000 ms'],
    ['an edge to nowhere', 'faults: [{ fault: cut, edge: here~there, for: 1s }]', 'two parts'],
  ])('refuses %s', (_name, line, message) => {
    expect(withLines(line)).toContain(message);
  });

  it.each([
    ['QoS 2 of STOMP', '{ client: stomp, qos: 2 }', 'workload.0.qos'],
    ['transactions of MQTT', '{ client: mqtt, pattern: transactions }', 'workload.0.pattern'],
    ['retained messages of AMQP', '{ client: amqp, pattern: retained }', 'workload.0.pattern'],
    ['two lanes of one name', '{ client: amqp, name: a }, { client: amqp, name: a }', '1.name'],
    ['more producers than messages', '{ client: amqp, rate: 2, producers: 3 }', '0.rate'],
  ])('refuses %s', (_name, lanes, message) => {
    expect(problems(`{ name: p, every: 5s, workload: [${lanes}] }`)).toContain(message);
  });
});

describe('readPlan', () => {
  it('says when there is no such file', () => {
    expect(() => readPlan('/nowhere/plan.yaml')).toThrow(/plan.yaml: cannot be read/);
  });
});
