/** Something that whoever runs the drill can put right: it is shown without a stack. */
export class DrillError extends Error {
  override readonly name = 'DrillError';
}
