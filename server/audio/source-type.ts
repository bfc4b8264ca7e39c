/** How a sound came to be, in the words of the IPTC (https://cv.iptc.org/newscodes/digitalsourcetype/). */

export const DIGITAL_SOURCE_TYPES = 'http://cv.iptc.org/newscodes/digitalsourcetype/';

/** Made by a trained model; or a recording that a trained model changed. */
export type SourceType = 'trainedAlgorithmicMedia' | 'compositeWithTrainedAlgorithmicMedia';

export function sourceTypeOf({ lineage }: { lineage?: Record<string, unknown> | undefined }): SourceType {
  return lineage?.recording === true ? 'compositeWithTrainedAlgorithmicMedia' : 'trainedAlgorithmicMedia';
}
