/** A bound address under the name of what listens there. */
export interface NamedAddress {
  readonly name: string;
  readonly address: string;
}
