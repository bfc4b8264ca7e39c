import assert from 'node:assert/strict';
import test from 'node:test';
import { distance } from '../../protocol/suggestion.ts';
import { FILLERS, PREPOSITIONS } from './function-words.ts';
import { lookUp } from './look-up.ts';
import { readName } from './read.ts';
import { SOUNDS } from './sounds.ts';

const classesOf = (...names: string[]): { name: string }[] => names.map((name) => ({ name }));
const DCASE = ['DogBark', 'Footstep', 'GunShot', 'Keyboard', 'MovingMotorVehicle', 'Rain', 'Sneeze_Cough'];
const MORE = [
  'BirdCall',
  'ClockTick',
  'FireCrackle',
  'GunHandling',
  'MetalImpact',
  'WaterFlow',
  'Whoosh',
  'WoodImpact',
];
const seven = classesOf(...DCASE);
const fifteen = classesOf(...DCASE, ...MORE);

/** The class found, candidates as `A|B`, or the nearest as `?A,B`. */
function say(classes: readonly { name: string }[], wanted: string): string {
  const result = lookUp(classes, wanted);
  if ('found' in result) return result.found.name;
  const names = ('candidates' in result ? result.candidates : result.nearest).map(({ name }) => name);
  return 'candidates' in result ? names.join('|') : `?${names.join(',')}`;
}

function expect(cases: Record<string, string>, classes = seven): void {
  for (const [wanted, found] of Object.entries(cases)) assert.equal(say(classes, wanted), found, wanted);
}

test('a name that is written in another way is the class', () => {
  expect({ 'dog bark': 'DogBark', 'dog-bark': 'DogBark', Gun_Shot: 'GunShot', 'sneeze/cough': 'Sneeze_Cough' });
  expect({
    'moving motor vehicle': 'MovingMotorVehicle',
    ＲＡＩＮ: 'Rain',
    KEYBOARD: 'Keyboard',
    'foot step': 'Footstep',
  });
});

test('every class is found by its CatID and by words of every language', () => {
  expect({ ANMLDog: 'DogBark', FEETHmn: 'Footstep', feethmn: 'Footstep', GUNPis: 'GunShot', CMPTKey: 'Keyboard' });
  expect({ VEHCar: 'MovingMotorVehicle', RAINMetl: 'Rain', HMNCough: 'Sneeze_Cough', HMNSneez: 'Sneeze_Cough' });
  expect({ 'FOOTSTEPS-HUMAN': 'Footstep', 'ANIMALS DOG': 'DogBark', 'COMPUTERS KEYBOARD & MOUSE': 'Keyboard' });
  expect({
    Hundegebell: 'DogBark',
    Schritte: 'Footstep',
    Schüsse: 'GunShot',
    Tastatur: 'Keyboard',
    Auto: 'MovingMotorVehicle',
  });
  expect({ Regen: 'Rain', Husten: 'Sneeze_Cough', aboiement: 'DogBark', pas: 'Footstep', 'coup de feu': 'GunShot' });
  expect({ clavier: 'Keyboard', voiture: 'MovingMotorVehicle', pluie: 'Rain', éternuement: 'Sneeze_Cough' });
  expect({
    ladrido: 'DogBark',
    pasos: 'Footstep',
    disparo: 'GunShot',
    teclado: 'Keyboard',
    coche: 'MovingMotorVehicle',
  });
  expect({ lluvia: 'Rain', tos: 'Sneeze_Cough', latrato: 'DogBark', passi: 'Footstep', sparo: 'GunShot' });
  expect({ tastiera: 'Keyboard', macchina: 'MovingMotorVehicle', pioggia: 'Rain', starnuto: 'Sneeze_Cough' });
  expect({ cão: 'DogBark', passos: 'Footstep', tiro: 'GunShot', carro: 'MovingMotorVehicle', chuva: 'Rain' });
  expect({
    espirro: 'Sneeze_Cough',
    犬の鳴き声: 'DogBark',
    足音: 'Footstep',
    銃声: 'GunShot',
    タイピング音: 'Keyboard',
  });
  expect({ 車: 'MovingMotorVehicle', 雨の音: 'Rain', くしゃみ: 'Sneeze_Cough', 狗叫声: 'DogBark', 脚步声: 'Footstep' });
  expect({ 枪声: 'GunShot', 键盘: 'Keyboard', 汽车: 'MovingMotorVehicle', 下雨: 'Rain', 咳嗽: 'Sneeze_Cough' });
});

test('further classes are found by their CatIDs and by words of every language, and take no word from the seven', () => {
  const words: Record<string, string> = {
    BirdCall:
      'BIRDMisc, BIRDSong, birds chirping, seagulls, Vogelgezwitscher, Singvogel, oiseaux, pájaro, uccelli, pássaros, 鳥のさえずり, 鸟鸣',
    ClockTick: 'CLOCKTick, ticking clock, Uhrenticken, Wanduhr, tic-tac, reloj, orologio, relógio, 時計の針, 滴答声',
    FireCrackle:
      'FIRECrkl, campfire, crackling fire, Lagerfeuer, feu de bois, fogata, fuoco, fogueira, 焚き火の音, 篝火',
    GunHandling:
      'GUNMech, gun reload, rifle reload, Nachladen, rechargement, recarga de arma, ricarica arma, recarregar arma, リロード, 上膛声',
    MetalImpact:
      'METLImpt, METAL IMPACT, metal hit, clang, Metallschlag, choc métallique, golpe metálico, colpo metallico, batida de metal, 金属音, 金属撞击声',
    WaterFlow:
      'WATRFlow, running water, stream, Wasserrauschen, eau qui coule, arroyo, ruscello, riacho, 水の流れ, 流水声',
    Whoosh:
      "WHSH, SWSH, swoosh, vorbeisausen, souffle d'air, ráfaga de aire, sibilo d'aria, sopro de ar, 風切り音, 呼啸声",
    WoodImpact:
      'WOODImpt, wood hit, knock on wood, Holzschlag, impact sur bois, golpe de madera, colpo di legno, batida de madeira, 木を叩く音, 木头撞击声',
  };
  assert.deepEqual(Object.keys(words), MORE);
  for (const [name, list] of Object.entries(words))
    expect(Object.fromEntries(list.split(', ').map((word) => [word, name])), fifteen);
  expect({ gun: 'GunShot', Gewehrfeuer: 'GunShot', 'coup de feu': 'GunShot', 'rain on metal': 'Rain' }, fifteen);
  expect(
    { 'footsteps on wood': 'Footstep', 'pas sur bois': 'Footstep', RAINWatr: 'Rain', typing: 'Keyboard' },
    fifteen,
  );
});

test('one word of the name of a class suggests it', () => {
  expect(
    { metal: '?MetalImpact', impact: '?MetalImpact,WoodImpact', 'metal door': '?MetalImpact', call: '?BirdCall' },
    fifteen,
  );
  expect({ metal: '?', impact: '?', moving: '?MovingMotorVehicle' });
});

test('words around the name of a sound say what kind of it, or where', () => {
  expect({
    'heel steps on gravel': 'Footstep',
    'the sound of heavy rain': 'Rain',
    'rain, heavy': 'Rain',
    'steps 02': 'Footstep',
  });
  expect({ 'Stöckelschuhschritte auf Kies': 'Footstep', Platzregen: 'Rain', 'pas de talons sur gravier': 'Footstep' });
  expect({ 'pluie forte': 'Rain', "aboiement d'un chien": 'DogBark', 'passos no cascalho': 'Footstep' });
  expect({ 砂利の上の足音: 'Footstep', 碎石路上的脚步声: 'Footstep', 'sneeze and cough': 'Sneeze_Cough' });
});

test('a name whose deciding word is not known is not understood, and what it mentions is suggested', () => {
  expect({ 'car door': '?MovingMotorVehicle', 'dog whistle': '?DogBark', 'porte de voiture': '?MovingMotorVehicle' });
  expect({ 車のドア: '?MovingMotorVehicle', 電車: '?', 火车: '?', Autotür: '?', 'cat and dog': '?DogBark', bird: '?' });
});

test('what a name leaves out is not what it names', () => {
  expect({ 'no rain': '?Rain', 'ohne Regen': '?Rain', 'sans pluie': '?Rain', 没有雨: '?' });
});

test('a name that may be several classes has them as candidates', () => {
  expect({
    'dog in the rain': 'DogBark|Rain',
    'dog footsteps': 'DogBark|Footstep',
    'rain or cough': 'Rain|Sneeze_Cough',
  });
  expect({ coughing: 'DryCough|WetCough' }, classesOf('DryCough', 'WetCough'));
});

test("a voice's own classes win over words for them", () => {
  const own = classesOf('Footstep', 'Heels', 'GravelSteps', 'Steps');
  expect({ heels: 'Heels', 'gravel steps': 'GravelSteps', steps: 'Steps' }, own);
  expect({ cough: 'Cough', coughing: 'Cough', sneezing: 'Sneeze_Cough' }, classesOf('Sneeze_Cough', 'Cough'));
  expect({ steps: 'Footstep' }, classesOf('HeelsOnWood', 'Footstep'));
  expect({ Hund: 'dogbark' }, classesOf('dogbark', 'movingmotorvehicle'));
  expect({ 'dog bark': 'Dog_Bark|DogBark' }, classesOf('Dog_Bark', 'DogBark'));
});

test('a mistyped name has the nearest names', () => {
  expect({ footstp: '?Footstep', keybord: '?Keyboard', 'gun shto': '?GunShot', Schrite: '?Footstep', plui: '?Rain' });
  expect({ Unicorn: '?', xy: '?', thunder: '?' });
  assert.equal(distance('keybord', 'keyboard'), 1);
  assert.equal(distance('shto', 'shot'), 1);
  assert.equal(distance('', 'abc'), 3);
  assert.equal(distance('keyboard', 'dogbarks', 2), 3);
});

test('any text ends in a class or in names of the voice', () => {
  const hostile = [
    '',
    ' ',
    '\0',
    '\u001b[31m',
    '🐕',
    '__proto__',
    'constructor',
    'a'.repeat(128),
    '犬'.repeat(128),
    '・',
  ];
  hostile.push('rain '.repeat(25), 'の'.repeat(128), '\ud800', 'e\u0301'.repeat(64), '- - -', '007', 'on on on', 'and');
  for (const text of hostile) {
    const result = lookUp(seven, text);
    if ('found' in result)
      assert.equal(result.found.name, text.startsWith('犬') ? 'DogBark' : 'Rain', JSON.stringify(text));
  }
  expect({ 'e\u0301ternuement': 'Sneeze_Cough', 'ca\u0303o': 'DogBark', 'タイヒ\u309aンク\u3099': 'Keyboard' });
});

test('no word of the table is two sounds or one that is passed over', () => {
  const seen = new Map<string, number>();
  const passed = new Set([...FILLERS.split(' '), ...PREPOSITIONS.split(' ')]);
  for (const [index, { words }] of SOUNDS.entries())
    for (const phrase of Object.values(words).flatMap((list) => list.split(', '))) {
      assert.equal(seen.get(phrase) ?? index, index, phrase);
      assert.ok(!passed.has(phrase), phrase);
      seen.set(phrase, index);
      assert.ok(readName(phrase.replace(/^-/, '')).means.has(SOUNDS[index]!), phrase);
    }
});

test('no CatID is two sounds', () => {
  const ids = SOUNDS.flatMap(({ catIds }) => Object.keys(catIds));
  assert.equal(new Set(ids).size, ids.length);
});
