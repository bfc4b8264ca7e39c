import type { Context } from '../dispatch/dispatcher.ts';

/** What making clips needs of a request: `foley.vary` and `foley.branch` emit the same events as `foley.generate`. */
export type GenerationContext = Pick<Context<'foley.generate'>, 'session' | 'signal' | 'setJob' | 'emit'>;
