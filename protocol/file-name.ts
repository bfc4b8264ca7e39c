/** Names that become files or folders, by the rules of every system at once: what one machine made, another can take. */

/** Whether Windows keeps the name for a device, whatever folder it seems to lie in and whatever it ends with. */
export function isDeviceName(name: string): boolean {
  return /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d\u00b9\u00b2\u00b3]) *(\.|:|$)/i.test(name);
}

/** Whether it is one name on every system: no separators, streams or wildcards, and nothing that Windows drops or keeps for itself. */
export function isFileName(name: string): boolean {
  if (name === '' || /[/\\:*?"<>|\p{Cc}]/u.test(name) || /[. ]$/.test(name)) return false;
  return !isDeviceName(name) && new TextEncoder().encode(name.normalize('NFC')).length <= 255;
}

/** Two names with the same key are one file where case or the way accents are composed makes no difference. */
export function fileNameKey(name: string): string {
  return name.normalize('NFC').toLowerCase().normalize('NFC');
}
