import path from 'node:path';
import { type FileSettings, ProtocolError } from '../../protocol/index.ts';
import type { Clips, StoredClip } from '../clips/clip.ts';
import type { Catalog } from '../voices/voice.ts';
import type { RenderedFile } from './file.ts';
import type { Folder } from './folder.ts';
import type { FileRenderer } from './render-thread.ts';
import { StemMix } from './stem-mix.ts';
import { catIdOf } from './ucs.ts';

export interface DeliveryOptions {
  clips: Pick<Clips, 'get' | 'read'>;
  catalog: Pick<Catalog, 'find'>;
  renderer: FileRenderer;
  exports: Folder;
  /** The folder that the owner named; null without. */
  deliveries: Folder | null;
  /** CatIDs by class, as the owner wants them. */
  catIds: Readonly<Record<string, string>>;
  /** Program and version. */
  software: string;
}

export type Place = 'exports' | 'delivery';

/** Destination of a file. */
export interface Target {
  to: Place;
  /** Below the folder of deliveries. */
  folder: string;
}

export interface WrittenFile {
  path: string;
  name: string;
}

/** What handlers see of the making of files. */
export interface Delivery {
  readonly root: string | null;
  /** Throws unknown_clip, io_error, bad_args. */
  make(
    clip: string,
    settings: FileSettings,
  ): Promise<RenderedFile & { clip: StoredClip; catId: string; fxName: string }>;
  /** An empty mix of placed clips that begins at a time of the timeline, in seconds. */
  mix(settings: Omit<FileSettings, 'at'>, start: number, title: string): StemMix;
  /**
   * Throws bad_args, no_delivery, no_room, io_error.
   * @param stem of the name, without ending
   * @param onName hears path and digest before the file appears there
   */
  write(
    target: Target,
    stem: string,
    ending: string,
    data: Uint8Array,
    onName?: (path: string, sha256: string) => Promise<void>,
  ): Promise<WrittenFile>;
  /** Throws no_delivery where files would go to a folder that there is none of. */
  check(target: Target): void;
  /** Throws bad_args for settings that no file can have together. */
  checkSettings(settings: FileSettings): void;
}

/** Makes files of clips and puts them into folders. */
export class FileDelivery implements Delivery {
  readonly #options: DeliveryOptions;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  get root(): string | null {
    return this.#options.deliveries?.root ?? null;
  }

  async make(id: string, settings: FileSettings): ReturnType<Delivery['make']> {
    checkSettings(settings);
    const { clips, renderer, software } = this.#options;
    const [clip, wav] = await Promise.all([clips.get(id), clips.read(id)]);
    const title = clip.name === '' ? labelOf(clip) : clip.name;
    const catId = settings.catId ?? (await this.#catIdOf(clip));
    const fxName = settings.fxName ?? title;
    const name = {
      catId,
      fxName,
      creatorId: settings.creator ?? '',
      sourceId: settings.source ?? '',
      userData: settings.userData ?? (clip.seed === null ? clip.id : `s${clip.seed}`),
    };
    const { created, seed } = clip;
    const made = await renderer.render(wav, { clip: id, title, created, seed, name, software }, settings);
    return { ...made, clip, catId, fxName };
  }

  mix(settings: Omit<FileSettings, 'at'>, start: number, title: string): StemMix {
    const { renderer, software } = this.#options;
    return new StemMix(this.make.bind(this), renderer, { settings, start, title, software });
  }

  async write(
    { to, folder }: Target,
    stem: string,
    ending: string,
    data: Uint8Array,
    onName?: (path: string, sha256: string) => Promise<void>,
  ): Promise<WrittenFile> {
    const place = this.#folderOf(to);
    const file = await place.put(to === 'exports' ? '' : folder, stem, ending, data, onName);
    return { path: file, name: path.basename(file) };
  }

  check({ to, folder }: Target): void {
    this.#folderOf(to);
    if (to === 'exports' && folder !== '')
      throw new ProtocolError(
        'bad_args',
        'args.folder: only deliveries have subfolders; use to: "delivery", or leave folder out',
        { path: 'args.folder' },
      );
  }

  checkSettings(settings: FileSettings): void {
    checkSettings(settings);
  }

  #folderOf(to: Place): Folder {
    const { exports, deliveries } = this.#options;
    const found = to === 'exports' ? exports : deliveries;
    if (found === null) throw new ProtocolError('no_delivery');
    return found;
  }

  /** Of a mix, that of its largest part. */
  async #catIdOf(clip: StoredClip): Promise<string> {
    const name = classOf(clip);
    if (name === null) return catIdOf('', []);
    const { catIds, catalog } = this.#options;
    const own = Object.entries(catIds).find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1];
    const voice = clip.voiceId === null ? null : await catalog.find(clip.voiceId).catch(() => null);
    const said = voice?.card.classes.find((one) => one.name === name)?.catId;
    return catIdOf(name, [own, typeof said === 'string' ? said : undefined]);
  }
}

/** What the protocol's declaration cannot say of two arguments together. */
export function checkSettings({ format, bits, channels, pan, at, reverse, loop }: FileSettings): void {
  const fail = (name: string, message: string): never => {
    throw new ProtocolError('bad_args', `args.${name}: ${message}`, { path: `args.${name}` });
  };
  if (format === 'flac' && bits === 32) fail('bits', 'a FLAC has 16 or 24');
  if (at !== undefined && reverse) fail('at', 'a reversed sound has its onset at its end; expected `at` or `reverse`');
  if (at !== undefined && loop) fail('at', 'a loop has no place on a timeline; expected `at` or `loop`');
  if (channels === 1 && pan !== 0) fail('pan', 'pan needs two channels');
}

function labelOf({ class: label, id }: StoredClip): string {
  if (label === null) return id;
  return typeof label === 'string' ? label : Object.keys(label).join('+');
}

function classOf({ class: label }: StoredClip): string | null {
  if (label === null || typeof label === 'string') return label;
  return Object.entries(label).sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}
