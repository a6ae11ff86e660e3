/**
 * The name that was probably meant: the one with the fewest edits, if they are few.
 * @returns undefined when nothing is close
 */
export function nearestName(given: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const name of names) {
    const distance = editDistance(given.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
export function editDistance(from: string, to: string): number {
  const columns = to.length + 1;
  const cells = new Uint32Array((from.length + 1) * columns);
  const at = (row: number, column: number) => cells[row * columns + column]!;
  for (let column = 0; column < columns; column++) cells[column] = column;
  for (let row = 1; row <= from.length; row++) {
    cells[row * columns] = row;
    for (let column = 1; column < columns; column++) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + (same ? 0 : 1),
      );
      const swapped =
        row > 1 &&
        column > 1 &&
        from[row - 1] === to[column - 2] &&
        from[row - 2] === to[column - 1];
      if (swapped) cost = Math.min(cost, at(row - 2, column - 2) + 1);
      cells[row * columns + column] = cost;
    }
  }
  return at(from.length, to.length);
}
