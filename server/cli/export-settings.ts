/** Options of `foleyd export` that are arguments of clip.batch, under the same name. */
export const exportSettings = [
  ['format', 'NAME', 'wav or flac'],
  ['bits', 'N', '16 (dithered), 24 or 32 (float)', true],
  ['rate', 'HZ', 'sample rate; default: 48000', true],
  ['channels', 'N', '1 or 2', true],
  ['pan', 'P', 'with 2 channels: position from -1 (left) to 1 (right)', true],
  ['peak', 'DBTP', 'true-peak ceiling; default: -2', true],
  ['lufs', 'LUFS', 'target integrated loudness', true],
  ['gain', 'DB', 'gain', true],
  ['timeReference', 'SAMPLES', 'bext time reference, samples since midnight', true],
  ['catId', 'ID', 'UCS CatID'],
  ['fxName', 'TEXT', 'UCS FXName'],
  ['creator', 'ID', 'UCS CreatorID'],
  ['source', 'ID', 'UCS SourceID'],
  ['userData', 'TEXT', 'UCS user data; default: the seed'],
  ['project', 'NAME', 'iXML project'],
  ['scene', 'NAME', 'iXML scene'],
  ['take', 'NAME', 'iXML take'],
] as const satisfies readonly (readonly [name: string, value: string, doc: string, isNumber?: true])[];

/** Those that were typed, as arguments. */
export function settingsIn(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given = exportSettings.map(([name]) => [name, options[name]] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}
