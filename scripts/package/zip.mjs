// Zip files of a folder: each entry compressed, in the order of names, of one date, so that the same files give the same
// bytes. Without zip64: a package of gigabytes is refused.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';

const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
/** Version 2.0 of the format, made on Unix: the upper half of the outer attributes are Unix's modes. */
const [VERSION, MADE_BY] = [20, (3 << 8) | 20];
/** Names are UTF-8. */
const FLAGS = 1 << 11;
const DEFLATED = 8;
/** 1980-01-01, the first date that there is. */
const DATE = 0x21;
const MODE = 0o100644;

/**
 * @param {string} folder whose content is taken, names with / below it
 * @param {string} file
 */
export function zipFolder(folder, file) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(path.join(folder, name)).isFile())
    .map((name) => name.replaceAll(path.sep, '/'))
    .sort();
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const name of names) {
    const bytes = readFileSync(path.join(folder, name));
    const packed = deflateRawSync(bytes, { level: 9 });
    const label = Buffer.from(name, 'utf8');
    const common = Buffer.alloc(26);
    [VERSION, FLAGS, DEFLATED, 0, DATE].forEach((value, i) => void common.writeUInt16LE(value, 2 * i));
    [crc32(bytes), packed.length, bytes.length].forEach((value, i) => void common.writeUInt32LE(value, 10 + 4 * i));
    common.writeUInt16LE(label.length, 22);
    const end = Buffer.alloc(14);
    end.writeUInt32LE(MODE * 0x10000, 6);
    end.writeUInt32LE(offset, 10);
    directory.push(signature(CENTRAL), uint16(MADE_BY), common, end, label);
    for (const part of [signature(LOCAL), common, label, packed]) {
      parts.push(part);
      offset += part.length;
    }
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  if (offset + size > 2 ** 32 - 2 || names.length > 2 ** 16 - 2)
    throw new Error(`${folder} is too large for a zip file`);
  const last = Buffer.alloc(18);
  for (const at of [4, 6]) last.writeUInt16LE(names.length, at);
  last.writeUInt32LE(size, 8);
  last.writeUInt32LE(offset, 12);
  writeFileSync(file, Buffer.concat([...parts, ...directory, signature(END), last]));
}

/** @param {number} value */
function signature(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** @param {number} value */
function uint16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}
