interface Node<T> {
  children: Map<string, Node<T>> | null;
  values: T[];
}

/**
 * A tree of names by level, for both directions of matching:
 *
 * - `match(name)` finds what was added under filters: with `a.*` and `a.>` added, `a.b` finds both,
 *   `a` finds `a.>` only (a filter ending in `>` matches its parent), `a.b.c` finds `a.>` only;
 * - `find(filter)` finds what was added under names: with `a.b` and `a.c.d` added, `a.*` finds the
 *   first, `a.>` both.
 *
 * A wildcard in the first level never matches a name that starts with `$`: those are the broker's
 * own [MQTT-4.7.2-1]. The cost grows with levels and matches, not with what is in the tree.
 */
export class TopicTree<T> {
  readonly #root: Node<T> = { children: null, values: [] };
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(path: string, value: T): void {
    let node = this.#root;
    for (const level of path.split('.')) {
      node.children ??= new Map();
      let child = node.children.get(level);
      if (child === undefined) {
        child = { children: null, values: [] };
        node.children.set(level, child);
      }
      node = child;
    }
    node.values.push(value);
    this.#size++;
  }

  /** Removes one value; returns whether it was there. Empty branches go with it. */
  remove(path: string, value: T): boolean {
    const trail: { node: Node<T>; level: string }[] = [];
    let node = this.#root;
    for (const level of path.split('.')) {
      const child = node.children?.get(level);
      if (child === undefined) return false;
      trail.push({ node, level });
      node = child;
    }
    const index = node.values.indexOf(value);
    if (index < 0) return false;
    node.values.splice(index, 1);
    this.#size--;
    for (let depth = trail.length - 1; depth >= 0; depth--) {
      const { node: parent, level } = trail[depth]!;
      const child = parent.children!.get(level)!;
      if (child.values.length > 0 || (child.children?.size ?? 0) > 0) break;
      parent.children!.delete(level);
    }
    return true;
  }

  /** Values added under filters that match `name`. */
  match(name: string): T[] {
    const found: T[] = [];
    const levels = name.split('.');
    this.#match(this.#root, levels, 0, !name.startsWith('$'), found);
    return found;
  }

  /** Calls `visit` with the values added under names that match `filter`. */
  find(filter: string, visit: (value: T) => void): void {
    this.#find(this.#root, filter.split('.'), 0, visit);
  }

  #match(node: Node<T>, levels: string[], depth: number, wildcards: boolean, found: T[]): void {
    const children = node.children;
    if (wildcards && children !== null) {
      const rest = children.get('>');
      if (rest !== undefined) append(rest.values, found);
    }
    if (depth === levels.length) {
      append(node.values, found);
      return;
    }
    if (children === null) return;
    const level = levels[depth]!;
    const exact = children.get(level);
    // A level of the name that is spelled like a wildcard is not one.
    if (exact !== undefined && level !== '*' && level !== '>') {
      this.#match(exact, levels, depth + 1, true, found);
    }
    const any = wildcards ? children.get('*') : undefined;
    if (any !== undefined) this.#match(any, levels, depth + 1, true, found);
  }

  #find(node: Node<T>, levels: string[], depth: number, visit: (value: T) => void): void {
    if (depth === levels.length) {
      for (const value of node.values) visit(value);
      return;
    }
    const level = levels[depth]!;
    if (level === '>') {
      this.#everything(node, depth === 0, visit);
    } else if (level === '*') {
      for (const [name, child] of node.children ?? []) {
        if (depth === 0 && name.startsWith('$')) continue;
        this.#find(child, levels, depth + 1, visit);
      }
    } else {
      const child = node.children?.get(level);
      if (child !== undefined) this.#find(child, levels, depth + 1, visit);
    }
  }

  #everything(node: Node<T>, atRoot: boolean, visit: (value: T) => void): void {
    for (const value of node.values) visit(value);
    for (const [name, child] of node.children ?? []) {
      if (atRoot && name.startsWith('$')) continue;
      this.#everything(child, false, visit);
    }
  }
}

/** One by one: a filter may have more subscribers than a call may have arguments. */
function append<T>(values: readonly T[], found: T[]): void {
  for (const value of values) found.push(value);
}
