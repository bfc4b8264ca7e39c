/** What `--provider` takes: where decoder and vocoder run. */
export const providerNames = ['auto', 'cpu', 'cuda', 'dml', 'coreml', 'webgpu'] as const;
export type ProviderName = (typeof providerNames)[number];
