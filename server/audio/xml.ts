/** Elements in their order; a value that is undefined is left out. Attributes follow the name, as they are written. */
export type XmlTree = readonly (readonly [name: string, value: string | number | XmlTree | undefined])[];

export function element(name: string, value: string | number | XmlTree, indent = ''): string {
  const end = name.split(' ', 1)[0]!;
  if (typeof value !== 'object') return `${indent}<${name}>${escaped(String(value))}</${end}>\n`;
  const inner = value.map(([key, one]) => (one === undefined ? '' : element(key, one, `${indent}  `))).join('');
  return `${indent}<${name}>\n${inner}${indent}</${end}>\n`;
}

/** Without what XML 1.0 cannot hold at all. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
}
