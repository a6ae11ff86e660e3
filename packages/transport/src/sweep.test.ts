import { describe, expect, it } from 'vitest';
import { Sweep, type Swept } from './sweep.js';

class Member implements Swept {
  sweepSlot = -1;
  sweepPlace = -1;
  visits: number[] = [];
  onVisit = () => {};

  sweep(nowMs: number): void {
    this.visits.push(nowMs);
    this.onVisit();
  }
}

function sweepOf(count: number) {
  const clock = { nowMs: 0, refresh() {}, monotonicMs: () => clock.nowMs, wallMs: () => 0 };
  const sweep = new Sweep<Member>(clock);
  const members = Array.from({ length: count }, () => new Member());
  for (const member of members) sweep.add(member);
  return { clock, members, sweep };
}

describe('Sweep', () => {
  it('visits everybody once a round, spread over it', () => {
    const { clock, members, sweep } = sweepOf(1000);
    let most = 0;
    for (let visit = 0; visit < 20; visit++) {
      clock.nowMs = visit;
      sweep.visit();
      most = Math.max(most, members.filter((member) => member.visits.includes(visit)).length);
    }
    expect(members.every((member) => member.visits.length === 1)).toBe(true);
    expect(most).toBe(50);
  });

  it('misses nobody when members leave while they are visited', () => {
    const { members, sweep } = sweepOf(200);
    for (const member of members.filter((_, index) => index % 3 === 0)) {
      member.onVisit = () => sweep.remove(member);
    }
    sweep.visitAll();
    expect(members.every((member) => member.visits.length === 1)).toBe(true);
    expect(sweep.size).toBe(133);
    sweep.visitAll();
    const left = members.filter((_, index) => index % 3 !== 0);
    expect(left.every((member) => member.visits.length === 2)).toBe(true);
  });

  it('lets a member leave twice', () => {
    const { members, sweep } = sweepOf(3);
    sweep.remove(members[1]!);
    sweep.remove(members[1]!);
    expect(sweep.size).toBe(2);
    expect(sweep.members()).toHaveLength(2);
  });
});
