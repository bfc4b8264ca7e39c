import type { EngineEvent } from './engine.ts';

/**
 * Filters the events of a clip that may be generated more than once (a retry, another worker), so that its client
 * gets each once and in order.
 */
export class FreshEvents {
  #started = false;
  #row = -1;
  #codebooks = 0;
  #seconds = 0;
  #samples = 0;

  /** Whether an event says what none before it did. Of the sound nothing is left out: what comes behind a gap is not told. */
  take(event: EngineEvent): boolean {
    switch (event.type) {
      case 'started': {
        const first = !this.#started;
        this.#started = true;
        return first;
      }
      case 'row':
        if (event.row <= this.#row) return false;
        this.#row = event.row;
        return true;
      case 'preview': {
        const { codebooks, seconds = 0 } = event;
        if (codebooks <= this.#codebooks && seconds <= this.#seconds) return false;
        this.#codebooks = codebooks;
        this.#seconds = seconds;
        return true;
      }
      case 'audio':
        if (event.offset !== this.#samples) return false;
        this.#samples += event.pcm.length;
        return true;
      default:
        return true;
    }
  }
}
