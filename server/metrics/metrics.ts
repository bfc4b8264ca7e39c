import { SerialQueue } from '../util/serial-queue.ts';

/** One value, or several that labels distinguish. */
export interface Metric {
  name: string;
  help: string;
  type: 'gauge' | 'counter';
  values: readonly { labels?: Readonly<Record<string, string>>; value: number }[];
}

/** A value that can increase and decrease. */
export function gauge(name: string, help: string, value: number): Metric {
  return { name, help, type: 'gauge', values: [{ value }] };
}

/** One value that only grows. */
export function counter(name: string, help: string, value: number): Metric {
  return { name, help, type: 'counter', values: [{ value }] };
}

export interface MetricsText {
  type: string;
  text: string;
}

/** Values as Prometheus reads them, with those of the process (memory, processor time, event loop). */
export class Metrics {
  readonly #read: () => readonly Metric[];
  /** One answer after the other: they share the registry. */
  readonly #queue = new SerialQueue();
  #registry: Promise<import('prom-client').Registry> | null = null;

  /** @param read the values of now; counters count from the start */
  constructor(read: () => readonly Metric[]) {
    this.#read = read;
  }

  text(): Promise<MetricsText> {
    return this.#queue.run(() => this.#text());
  }

  async #text(): Promise<MetricsText> {
    // Loaded by the first who asks: most servers are watched by nobody.
    this.#registry ??= open();
    const registry = await this.#registry;
    const { Counter, Gauge } = await import('prom-client');
    for (const { name, help, type, values } of this.#read()) {
      registry.removeSingleMetric(name);
      const labelNames = [...new Set(values.flatMap(({ labels = {} }) => Object.keys(labels)))];
      const given = { name, help, labelNames, registers: [registry] };
      if (type === 'gauge') {
        const gauge = new Gauge(given);
        for (const { labels = {}, value } of values) gauge.set({ ...labels }, value);
      } else {
        const counter = new Counter(given);
        for (const { labels = {}, value } of values) counter.inc({ ...labels }, value);
      }
    }
    return { type: registry.contentType, text: await registry.metrics() };
  }
}

async function open(): Promise<import('prom-client').Registry> {
  const { collectDefaultMetrics, Registry } = await import('prom-client');
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
