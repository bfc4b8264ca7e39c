import { code, paragraphs } from './markdown.ts';

/** The shortest program that hears a dog bark, per tool. Each is complete; ports are the defaults. */
export function connectText(): string {
  return paragraphs(
    '## Connect in one minute',
    ...snippets.map(([title, language, text]) => paragraphs(`**${title}**`, code(language, text.trim()))),
  );
}

const snippets: readonly (readonly [title: string, language: string, text: string])[] = [
  [
    'Shell, HTTP',
    'sh',
    `
curl -s -d '{"class":"DogBark","seed":42}' http://127.0.0.1:9247/v1/foley.generate
# {"event":"done","data":{"clip":"9f2c...","clips":[{"url":"/clips/9f2c....wav", ...}], ...}}
curl -sO http://127.0.0.1:9247/clips/9f2c4e5d6a7b8190.wav`,
  ],
  [
    'Shell, OSC (liblo-tools)',
    'sh',
    `
# Each oscsend has a port of its own and leaves at once: the message says where its answers go.
oscdump 9300 &
oscsend osc.udp://127.0.0.1:9248 /foley/reply/9300/foley/generate ssi bark1 DogBark 42`,
  ],
  [
    'Python, msgpack',
    'python',
    `
import msgpack
from websockets.sync.client import connect

with connect("ws://127.0.0.1:9247/ws", subprotocols=["foley.v1.msgpack"], max_size=None) as ws:
    ws.send(msgpack.packb({"id": "bark1", "cmd": "foley.generate", "args": {"class": "DogBark", "format": "s16"}}))
    pcm = b""
    while True:
        answer = msgpack.unpackb(ws.recv())
        if answer["event"] == "audio":
            pcm += answer["data"]["pcm"]
        if answer["event"] in ("done", "failed"):
            break`,
  ],
  [
    'JavaScript, browser or Node',
    'js',
    `
const ws = new WebSocket('ws://127.0.0.1:9247/ws', 'foley.v1.json');
ws.onopen = () => ws.send(JSON.stringify({ id: 'bark1', cmd: 'foley.generate', args: { class: 'DogBark' } }));
ws.onmessage = ({ data }) => console.log(JSON.parse(data).event);`,
  ],
  [
    'JavaScript, browser: osc-js',
    'js',
    `
const osc = new OSC({ plugin: new OSC.WebsocketClientPlugin({ host: '127.0.0.1', port: 9247 }) });
osc.on('/foley/done', ({ args }) => console.log(args));
osc.on('open', () => osc.send(new OSC.Message('/foley/generate', 'bark1', 'DogBark', 42)));
osc.open();`,
  ],
  [
    'SuperCollider',
    'supercollider',
    `
OSCdef(\\done, { |msg| msg.postln; Buffer.read(s, msg[2].asString, action: { |b| b.play }) }, '/foley/done');
OSCdef(\\failed, { |msg| msg.postln }, '/foley/failed');
NetAddr("127.0.0.1", 9248).sendMsg('/foley/generate', "bark1", "DogBark", 42);`,
  ],
  [
    'Pure Data (vanilla)',
    'text',
    `
[connect 127.0.0.1 9248( -> [netsend -u -b]
[list bark1 DogBark( -> [oscformat foley generate] -> [list prepend send] -> [list trim] -> [netsend -u -b]
right outlet of [netsend -u -b] -> [oscparse] -> [list trim] -> [route foley] -> [route accepted row done failed]`,
  ],
  [
    'Max, and Max for Live',
    'text',
    `
[udpreceive 9300] -> [route /foley/row /foley/done /foley/failed]
[/foley/reply 9300(  -> [udpsend 127.0.0.1 9248]
[/foley/generate bark1 DogBark 42 temperature 0.9( -> [udpsend 127.0.0.1 9248]`,
  ],
  [
    'REAPER (Lua): makes a clip and puts it on the selected track',
    'lua',
    `
local body = '{"class":"DogBark"}'
local out = reaper.ExecProcess('curl -s -d "' .. body:gsub('"', '\\\\"') .. '" http://127.0.0.1:9247/v1/foley.generate', 60000)
local path = out:match('"path":"(.-)"')
if path then reaper.InsertMedia(path:gsub('\\\\\\\\', '\\\\'), 0) end`,
  ],
];
