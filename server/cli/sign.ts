import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DIGITAL_SOURCE_TYPES, sourceTypeOf } from '../audio/source-type.ts';
import { CredentialError, readCredential } from '../c2pa/credential.ts';
import { writeManifest } from '../c2pa/manifest.ts';
import { writeAtomic } from '../util/atomic-file.ts';
import { diskReason } from '../util/disk-reason.ts';
import { version } from '../util/version.ts';
import { CliError, exits } from './errors.ts';
import { clipIn, licencesOf, readSound } from './like.ts';
import { openSession, type SessionChoice } from './open-session.ts';

export interface SignOptions extends SessionChoice {
  /** Files in PEM form. */
  cert: string;
  key: string;
  /** Sidecars that are there are written again. */
  force?: boolean;
}

/** `foleyd sign FILES`: beside each file a C2PA manifest that says how it was made, signed. */
export async function signFiles(files: readonly string[], options: SignOptions): Promise<number> {
  const credential = await credentialOf(options);
  const places = files.map(sidecarOf);
  const twice = places.find((place, i) => places.indexOf(place) < i);
  if (twice !== undefined)
    throw new CliError('usage', `${twice} would be the sidecar of two files; sign one of them in another folder`);
  const there = options.force === true ? undefined : places.find(existsSync);
  if (there !== undefined) throw new CliError('io_error', `${there} exists; use --force to replace it`);
  const session = await openSession({ ...options, makesFiles: true });
  try {
    const { voices } = await session.call('voice.list', {});
    for (const file of files) {
      const bytes = await readSound(file);
      const { recipe } = clipIn(file, bytes);
      const installed = voices.find(({ hash }) => hash === recipe.voice);
      const licences = installed === undefined ? null : await licencesOf(session, installed.id);
      const facts = {
        'io.foleyd.recipe': recipe,
        'io.foleyd.voice': { id: recipe.voiceId, hash: recipe.voice, licences },
      };
      const sourceType = `${DIGITAL_SOURCE_TYPES}${sourceTypeOf(recipe)}`;
      const manifest = writeManifest({ name: path.basename(file), bytes, version, sourceType, facts }, credential);
      await writeAtomic(sidecarOf(file), manifest);
      process.stdout.write(`${sidecarOf(file)}\n`);
    }
  } finally {
    await session.close();
  }
  return exits.ok;
}

/** Where C2PA looks for the manifest of a file that has none within. */
export function sidecarOf(file: string): string {
  return `${file.slice(0, file.length - path.extname(file).length)}.c2pa`;
}

async function credentialOf({ cert, key }: SignOptions): ReturnType<typeof readPair> {
  try {
    return await readPair(cert, key);
  } catch (error) {
    if (error instanceof CredentialError) throw new CliError('usage', `--cert, --key: ${error.message}`, error);
    throw error;
  }
}

async function readPair(cert: string, key: string) {
  const [certificates, own] = await Promise.all([readPem('--cert', cert), readPem('--key', key)]);
  return readCredential(certificates, own);
}

function readPem(option: string, file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new CliError('io_error', `${option} ${file} cannot be read: ${diskReason(error)}`, error);
  });
}
