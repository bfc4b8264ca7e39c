import path from 'node:path';
import type { Clips } from '../clips/clip.ts';
import type { LogLine } from '../util/log-line.ts';
import type { Catalog } from '../voices/voice.ts';
import { AutoDelivery } from './auto-delivery.ts';
import { type Delivery, FileDelivery } from './delivery.ts';
import { Folder } from './folder.ts';
import { ThreadedFileRenderer } from './render-thread.ts';

export interface OpenOptions {
  /** The server's own folder. */
  data: string;
  /** The folder that the owner named. */
  deliver: string | undefined;
  catIds: Readonly<Record<string, string>>;
  software: string;
  clips: Clips;
  catalog: Catalog;
  freeDisk: number;
  maxBytes: number;
  log: LogLine;
}

export interface OpenedDelivery {
  delivery: Delivery;
  deliveries: AutoDelivery;
  /** Goes on with what an earlier server was told to deliver. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** Everything that makes and delivers files, wired. */
export function openDelivery({ data, deliver, freeDisk, maxBytes, ...options }: OpenOptions): OpenedDelivery {
  const bounds = { freeDisk, maxBytes };
  const exports = new Folder({ root: path.join(data, 'exports'), ...bounds });
  const folder = deliver === undefined ? null : new Folder({ root: path.resolve(deliver), ...bounds });
  const renderer = new ThreadedFileRenderer();
  const delivery = new FileDelivery({ ...options, renderer, exports, deliveries: folder });
  const { clips, log } = options;
  const deliveries = new AutoDelivery({ clips, delivery, folder, file: path.join(data, 'deliver.json'), log });
  return {
    delivery,
    deliveries,
    restore: async () => {
      // It is nobody else's. The folder of deliveries may be shared and large: it is cleaned where files are delivered.
      await exports
        .cleanAll()
        .catch((err: unknown) =>
          log('warn', `what an earlier server left half written in ${exports.root} could not be removed`, { err }),
        );
      await deliveries.open();
    },
    close: async () => {
      await deliveries.close();
      await renderer.close();
    },
  };
}
