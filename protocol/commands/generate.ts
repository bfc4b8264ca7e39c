import { z } from 'zod';
import { defineCommand } from './define.ts';
import { envelopeFromText } from './envelope.ts';
import { candidates, classArg, classFromText, name } from './fields.ts';
import { madeEvents, madeExample, madeFixed, madeReplies, makingArgs, shapeArgs } from './making.ts';
import { spectrumFromText } from './spectrum.ts';

export const generate = defineCommand({
  name: 'foley.generate',
  role: 'play',
  doc: 'Generates one or more clips of a class and streams rows of codes, previews and audio as soon as they are available.',
  args: z.strictObject({
    class: classArg.describe(
      'class name (case-insensitive), id, or another word for it (`understood` tells which class that was), or a mix {name: weight} of at most 16 classes',
    ),
    voice: name.optional().describe('voice id').meta({ fallback: 'the active voice' }),
    ...makingArgs,
    candidates: candidates.describe(`${candidates.description}; rows and previews are then not sent`),
    ...shapeArgs,
  }),
  events: madeEvents,
  http: true,
  osc: {
    address: '/foley/generate',
    id: 'own',
    args: ['class', 'seed'],
    pairs: true,
    words: { class: classFromText, avoid: classFromText, envelope: envelopeFromText, spectrum: spectrumFromText },
    fixed: madeFixed,
    example: ['bark1', 'DogBark', 42, 'temperature', 0.9],
    replies: madeReplies,
  },
  example: {
    args: { class: 'DogBark', seed: 42, temperature: 0.9, rate: 48000, previews: true },
    events: madeExample,
  },
});
