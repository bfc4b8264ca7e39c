// What goes along with packages: a bill of materials for each, and checksums of all files.
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../bootstrap.mjs';
import { npm } from './npm.mjs';
import { lockFor } from './third-party.mjs';

/**
 * The CycloneDX bill of materials of a package: what npm installs with it, and what its code has within.
 * @param {string} folder where the package is laid out
 * @param {Record<string, string>} within versions of the packages whose code is within
 * @returns {Promise<string>} JSON
 */
export async function billOfMaterials(folder, within) {
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  // Versions that a package does not ask for are no mistake where this repository chose them.
  const { overrides } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const whole = { ...manifest, overrides, dependencies: { ...manifest.dependencies, ...within } };
  const place = mkdtempSync(path.join(tmpdir(), 'foleyd-sbom-'));
  try {
    writeFileSync(path.join(place, 'package.json'), JSON.stringify(whole));
    writeFileSync(path.join(place, 'package-lock.json'), lockFor(whole));
    return await npm(['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'], place);
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** Writes SHA256SUMS of the files of a folder, as `sha256sum --check` reads it. @param {string} folder */
export function writeChecksums(folder) {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'SHA256SUMS')
    .map((entry) => entry.name)
    .sort();
  const lines = files.map((name) => {
    const digest = createHash('sha256')
      .update(readFileSync(path.join(folder, name)))
      .digest('hex');
    return `${digest}  ${name}\n`;
  });
  writeFileSync(path.join(folder, 'SHA256SUMS'), lines.join(''));
}
