import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * The address of the module that lets a forked process run TypeScript, for `--import`. Found once, when this is loaded:
 * with no descriptors left it could not be found any more.
 */
export const tsLoader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
