import path from 'node:path';

/**
 * Whether a path below a folder has a part that people do not see: what programs that copy folders to and fro keep there
 * (.stversions, .dropbox.cache), and what macOS adds to foreign disks and archives (._take.wav, __MACOSX).
 */
export function isHidden(below: string): boolean {
  return below.split(/[/\\]/).some((part) => part.startsWith('.') || part === '__MACOSX');
}

/** Whether a path is a folder or inside it. Both absolute, without `..` and links. */
export function isWithin(folder: string, place: string): boolean {
  return place === folder || place.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep);
}
