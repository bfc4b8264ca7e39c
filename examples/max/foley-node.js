// Sounds of foleyd for Max and Max for Live: [node.script foley-node.js @autostart 1], as foley.maxpat uses it.
//
// In:  classes                                    -> menu clear, then menu append NAME for each class of the voice
//      generate CLASS [SEED] [NAME VALUE ...]     -> done PATH SECONDS SEED for each clip, or failed CODE MESSAGE
//      address http://127.0.0.1:9247              where foleyd is, if not there
// The path is one symbol, as [buffer~] takes it after "replace". Needs no packages but max-api, which Max has; its
// functions are those of "Node for Max API Documentation". HTTP: protocol/PROTOCOL.md of foleyd.
'use strict';

const http = require('node:http');
const maxApi = require('max-api');

let address = process.env.FOLEYD_HTTP || 'http://127.0.0.1:9247';

/** The answer to a command, `{event, data}`. */
function ask(command, args) {
  return new Promise((resolve, reject) => {
    const request = http.request(`${address}/v1/${command}`, { method: 'POST' }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text) => {
        body += text;
      });
      response.on('end', () => {
        try {
          resolve(JSON.parse(body));
        } catch {
          reject(new Error(`${address} is not a foleyd server`));
        }
      });
    });
    request.on('error', reject);
    request.end(JSON.stringify(args));
  });
}

async function tell(work) {
  try {
    await work();
  } catch (error) {
    await maxApi.outlet('failed', 'connection_closed', error.message);
  }
}

/** A mix in one word, DogBark:0.7+Rain:0.3, as a map; any other text is a class. */
function classOf(word) {
  const parts = String(word)
    .split('+')
    .map((part) => /^([^:]+):([0-9]*\.?[0-9]+)$/.exec(part));
  return parts.every(Boolean)
    ? Object.fromEntries(parts.map(([, name, weight]) => [name, Number(weight)]))
    : String(word);
}

maxApi.addHandler('address', (url) => {
  address = String(url).replace(/\/$/, '');
});

maxApi.addHandler('classes', () =>
  tell(async () => {
    const { event, data } = await ask('voice.list', {});
    if (event === 'failed') return maxApi.outlet('failed', data.code, data.message);
    const voice = data.voices.find(({ active }) => active) || data.voices[0];
    await maxApi.outlet('menu', 'clear');
    for (const { name } of voice ? voice.classes : []) await maxApi.outlet('menu', 'append', name);
  }),
);

maxApi.addHandler('generate', (word, ...rest) =>
  tell(async () => {
    const args = { class: classOf(word), rows: false };
    if (typeof rest[0] === 'number') args.seed = rest.shift();
    for (let i = 0; i + 1 < rest.length; i += 2) args[rest[i]] = rest[i + 1];
    const { event, data } = await ask('foley.generate', args);
    if (event === 'failed') return maxApi.outlet('failed', data.code, data.message);
    for (const { path, seed } of data.clips) await maxApi.outlet('done', path, data.seconds, seed);
  }),
);
