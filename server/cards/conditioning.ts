/** Which class codes are drawn for, how strongly, and what they are led away from. */
export interface Conditioning {
  /** One weight per class of the voice in the order of class ids, summing to 1. */
  readonly classWeights: readonly number[];
  /** How strongly codes are pushed towards the class, 0 to 8; 0, which is off, without. */
  readonly guidance?: number;
  /** Class weights they are pushed away from; without, no class in particular. */
  readonly avoid?: readonly number[] | undefined;
  /** Whether guidance leads away from a clip that follows nothing, and so strengthens what is followed. */
  readonly guideFollowed?: boolean;
}
