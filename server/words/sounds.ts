/**
 * Words that people use for sounds, in eight languages, and the categories that the Universal Category System has for
 * them (CatIDs of its version 8.2, universalcategorysystem.com, public domain). The words are ours: dictionary words,
 * few enough to read. They name kinds of sound, not classes: which class of a voice a kind is, its name says.
 */

export type Language = 'en' | 'de' | 'fr' | 'es' | 'it' | 'pt' | 'ja' | 'zh';

export interface Sound {
  /** CatID to category and subcategory; the first is the one that files of it are named by. */
  catIds: Readonly<Record<string, readonly [category: string, subCategory: string]>>;
  /**
   * Phrases divided by commas, as they are written; they are compared without case and accents. `-x` is also understood at the end of a compound: German writes
   * "Kiesschritte" as one word.
   */
  words: Readonly<Partial<Record<Language, string>>>;
}

/** In the order of preference where a class is two of them: files of a class Sneeze_Cough are named by the cough. */
export const SOUNDS: readonly Sound[] = [
  {
    catIds: { ANMLDog: ['ANIMALS', 'DOG'] },
    words: {
      en: 'dog, dogs, dog bark, dogs barking, bark, barks, barking, woof, hound, puppy, animals dog',
      de: 'hund, hunde, -hundegebell, -gebell, bellen, hund bellt',
      fr: 'chien, chiens, chienne, aboiement, aboiements, aboyer',
      es: 'perro, perros, ladrido, ladridos, ladrar',
      it: 'cane, cani, abbaio, abbaiare, latrato, latrati',
      pt: 'cão, cães, cachorro, cachorros, latido, latidos, latir',
      ja: '犬, 犬の鳴き声, 犬の吠え声, 吠え声, 犬が吠える',
      zh: '狗, 犬, 狗叫, 狗吠, 犬吠, 狗叫声, 狗吠声',
    },
  },
  {
    catIds: {
      FEETHmn: ['FOOTSTEPS', 'HUMAN'],
      FEETMisc: ['FOOTSTEPS', 'MISC'],
      FOLYFeet: ['FOLEY', 'FEET'],
    },
    words: {
      en: 'footstep, footsteps, foot step, foot steps, step, steps, footfall, footfalls, walk, walking, heel, heels, high heels, footsteps human',
      de: '-schritt, -schritte, gehen, laufschritte',
      fr: 'pas, bruit de pas, bruits de pas, marche à pied',
      es: 'paso, pasos, pisada, pisadas',
      it: 'passo, passi',
      pt: 'passo, passos, pisada, pisadas',
      ja: '足音, あしおと, 歩く音',
      zh: '脚步, 脚步声, 走路声',
    },
  },
  {
    catIds: { GUNMech: ['GUNS', 'MECHANISM'] },
    words: {
      en: 'gun handling, weapon handling, guns mechanism, gun mechanism, gun reload, gun reloading, pistol reload, rifle reload, shotgun reload, gun cocking, gun cock, reload, reloading',
      de: 'nachladen, durchladen, waffe nachladen, waffe durchladen',
      fr: "rechargement, recharger une arme, manipulation d'arme",
      es: 'recarga de arma, recargar arma, manejo de arma',
      it: 'ricarica arma, ricarica di arma, ricaricare arma',
      pt: 'recarga de arma, recarregar arma',
      ja: '銃の操作音, 銃の装填, 装填, 装填音, リロード',
      zh: '上膛, 上膛声, 换弹, 换弹声, 装弹',
    },
  },
  {
    catIds: {
      GUNMisc: ['GUNS', 'MISC'],
      GUNPis: ['GUNS', 'PISTOL'],
      GUNRif: ['GUNS', 'RIFLE'],
      GUNShotg: ['GUNS', 'SHOTGUN'],
      GUNAuto: ['GUNS', 'AUTOMATIC'],
      GUNAntq: ['GUNS', 'ANTIQUE'],
    },
    words: {
      en: 'gunshot, gunshots, gun shot, gun shots, gunfire, gun fire, rifle fire, gun, guns, shot, shots, shooting, pistol, rifle, shotgun, revolver, guns pistol, guns rifle, guns shotgun, guns automatic',
      de: '-schuss, -schüsse, -schuesse, gewehr, pistole, gewehrfeuer',
      fr: 'coup de feu, coups de feu, tir, tirs, pistolet, fusil',
      es: 'disparo, disparos, tiro, tiros, tiroteo, pistola, rifle, escopeta',
      it: 'sparo, spari, colpo di pistola, colpi di pistola, pistola, fucile',
      pt: 'tiro, tiros, disparo, disparos, tiroteio, pistola, espingarda',
      ja: '銃声, 発砲, 発砲音, 射撃音',
      zh: '枪声, 开枪, 枪响, 射击, 射击声',
    },
  },
  {
    catIds: { CMPTKey: ['COMPUTERS', 'KEYBOARD & MOUSE'] },
    words: {
      en: 'keyboard, keyboards, computer keyboard, typing, keystroke, keystrokes, computers keyboard mouse',
      de: '-tastatur, tippen, tastaturtippen, tastenanschlag, tastenanschläge',
      fr: 'clavier, claviers, frappe au clavier, taper au clavier',
      es: 'teclado, teclados, tecleo, teclear',
      it: 'tastiera, tastiere, digitazione, digitare',
      pt: 'teclado, teclados, digitação, digitar',
      ja: 'キーボード, タイピング, 打鍵, 打鍵音',
      zh: '键盘, 键盘声, 打字, 打字声, 敲键盘',
    },
  },
  {
    catIds: {
      VEHMisc: ['VEHICLES', 'MISC'],
      VEHCar: ['VEHICLES', 'CAR'],
      VEHBy: ['VEHICLES', 'GENERIC BY'],
      VEHTruck: ['VEHICLES', 'TRUCK VAN & SUV'],
      VEHMoto: ['VEHICLES', 'MOTORCYCLE'],
      VEHBus: ['VEHICLES', 'BUS'],
      VEHRace: ['VEHICLES', 'RACING'],
    },
    words: {
      en: 'vehicle, vehicles, motor vehicle, moving motor vehicle, motor vehicles, car, cars, automobile, truck, lorry, bus, motorcycle, motorbike, car pass by, car passing by, car engine, vehicles car, vehicles truck',
      de: 'auto, autos, fahrzeug, fahrzeuge, kraftfahrzeug, lastwagen, lkw, motorrad, vorbeifahrt, motorgeräusch',
      fr: 'voiture, voitures, véhicule, véhicules, camion, moto, motos',
      es: 'coche, coches, carro, vehículo, vehículos, camión, moto, motos, automóvil',
      it: 'auto, automobile, automobili, macchina, veicolo, veicoli, camion, moto',
      pt: 'carro, carros, automóvel, veículo, veículos, caminhão, camião, moto, motos',
      ja: '車, 自動車, 車の走行音, 走行音, トラック, オートバイ',
      zh: '车, 汽车, 车辆, 汽车声, 卡车, 摩托车',
    },
  },
  {
    catIds: {
      RAIN: ['RAIN', 'GENERAL'],
      RAINClth: ['RAIN', 'CLOTH'],
      RAINConc: ['RAIN', 'CONCRETE'],
      RAINGlas: ['RAIN', 'GLASS'],
      RAINMetl: ['RAIN', 'METAL'],
      RAINPlas: ['RAIN', 'PLASTIC'],
      RAINVege: ['RAIN', 'VEGETATION'],
      RAINWatr: ['RAIN', 'WATER'],
      RAINWood: ['RAIN', 'WOOD'],
    },
    words: {
      en: 'rain, rains, raining, rainfall, rain fall, rain shower, downpour, drizzle, rain general',
      de: '-regen, regnen, -regenschauer, regenfall, niesel',
      fr: 'pluie, pluies, averse, averses, pleuvoir, bruine',
      es: 'lluvia, lluvias, llover, llovizna, aguacero',
      it: 'pioggia, piogge, piovere, acquazzone, pioggerella',
      pt: 'chuva, chuvas, chover, chuvisco, aguaceiro',
      ja: '雨, 雨音, 大雨, 小雨, 降雨',
      zh: '雨, 雨声, 下雨, 大雨, 小雨, 暴雨, 下雨声',
    },
  },
  {
    catIds: { HMNCough: ['HUMAN', 'COUGH'] },
    words: {
      en: 'cough, coughs, coughing, human cough',
      de: '-husten, hustenanfall, huster',
      fr: 'toux, tousser, quinte de toux',
      es: 'tos, toser',
      it: 'tosse, tossire, colpo di tosse, colpi di tosse',
      pt: 'tosse, tossir',
      ja: '咳, 咳き込み, 咳払い',
      zh: '咳嗽, 咳嗽声',
    },
  },
  {
    catIds: { HMNSneez: ['HUMAN', 'SNEEZE'] },
    words: {
      en: 'sneeze, sneezes, sneezing, achoo, human sneeze',
      de: 'niesen, nieser, hatschi',
      fr: 'éternuement, éternuements, éternuer',
      es: 'estornudo, estornudos, estornudar',
      it: 'starnuto, starnuti, starnutire',
      pt: 'espirro, espirros, espirrar',
      ja: 'くしゃみ',
      zh: '喷嚏, 打喷嚏, 喷嚏声',
    },
  },
  {
    catIds: {
      BIRDMisc: ['BIRDS', 'MISC'],
      BIRDSong: ['BIRDS', 'SONGBIRD'],
      BIRDCrow: ['BIRDS', 'CROW'],
      BIRDSea: ['BIRDS', 'SEA'],
      AMBBird: ['AMBIENCE', 'BIRDSONG'],
    },
    words: {
      en: 'bird, birds, bird call, bird calls, birdsong, bird song, songbird, chirp, chirps, chirping, tweet, tweets, crow, crows, seagull, seagulls, owl, owls, birds misc, birds songbird',
      de: '-vogel, vogelgesang, vogelruf, vogelrufe, vogelgezwitscher, gezwitscher, zwitschern, krähe, möwe, eule',
      fr: "oiseau, oiseaux, chant d'oiseau, chants d'oiseaux, cri d'oiseau, gazouillis",
      es: 'pájaro, pájaros, ave, aves, canto de pájaros',
      it: 'uccello, uccelli, cinguettio',
      pt: 'pássaro, pássaros, ave, aves, canto de pássaros',
      ja: '鳥, 鳥の鳴き声, 小鳥, 鳥のさえずり, さえずり',
      zh: '鸟, 鸟叫, 鸟鸣, 鸟叫声, 鸟鸣声',
    },
  },
  {
    catIds: { CLOCKTick: ['CLOCKS', 'TICK'], CLOCKMech: ['CLOCKS', 'MECHANICS'], CLOCKMisc: ['CLOCKS', 'MISC'] },
    words: {
      en: 'clock, clocks, clock tick, clock ticking, tick, ticks, ticking, tick tock, clocks tick',
      de: 'uhr, wanduhr, standuhr, uhrticken, uhrenticken, ticken, tick tack',
      fr: 'horloge, horloges, tic tac, tictac',
      es: 'reloj, relojes, tictac, tic tac',
      it: 'orologio, orologi, ticchettio',
      pt: 'relógio, relógios, tique taque',
      ja: '時計, 時計の音, 時計の針, 秒針, チクタク',
      zh: '时钟, 钟表, 滴答, 滴答声',
    },
  },
  {
    catIds: { FIRECrkl: ['FIRE', 'CRACKLE'], FIREBurn: ['FIRE', 'BURNING'], FIREMisc: ['FIRE', 'MISC'] },
    words: {
      en: 'fire, fire crackle, fire crackling, crackling fire, campfire, bonfire, fireplace, crackle, crackles, crackling, flames',
      de: '-feuer, flammen, feuerknistern, knistern',
      fr: 'feu, feux, crépitement, crépitements',
      es: 'fuego, fogata, hoguera, crepitar',
      it: 'fuoco, falò, crepitio',
      pt: 'fogo, fogueira, crepitar',
      ja: '火, 焚き火, たき火, 炎',
      zh: '火, 火焰, 篝火, 火堆',
    },
  },
  {
    catIds: { METLImpt: ['METAL', 'IMPACT'] },
    words: {
      en: 'metal impact, metal impacts, metal hit, metal hits, metal clang, clang, clangs, clank, clanks',
      de: 'metallschlag, metallschläge, metallaufprall',
      fr: 'impact métallique, choc métallique',
      es: 'impacto metálico, golpe metálico, golpe de metal',
      it: 'impatto metallico, colpo metallico',
      pt: 'impacto metálico, batida de metal',
      ja: '金属音, 金属の衝撃音, 金属を叩く音',
      zh: '金属撞击, 金属撞击声, 金属敲击声',
    },
  },
  {
    catIds: { WOODImpt: ['WOOD', 'IMPACT'] },
    words: {
      en: 'wood impact, wood impacts, wood hit, wood hits, wood knock, wood knocks, wooden impact, wooden knock, knock on wood',
      de: 'holzschlag, holzschläge, holzaufprall, holzklopfen',
      fr: 'impact sur bois, impact de bois, choc de bois, coup sur bois',
      es: 'impacto de madera, golpe de madera',
      it: 'impatto di legno, colpo di legno',
      pt: 'impacto de madeira, batida de madeira',
      ja: '木の衝撃音, 木を叩く音, 木材の衝撃音',
      zh: '木头撞击, 木头撞击声, 木头敲击声',
    },
  },
  {
    catIds: {
      WATRFlow: ['WATER', 'FLOW'],
      WATRMisc: ['WATER', 'MISC'],
      WATRMvmt: ['WATER', 'MOVEMENT'],
    },
    words: {
      en: 'water, water flow, water flowing, running water, flowing water, stream, streams, creek, brook, river',
      de: 'wasser, wasserrauschen, bach, fluss, fließendes wasser',
      fr: 'eau, eau qui coule, ruisseau, rivière',
      es: 'agua, agua corriente, arroyo, río',
      it: 'acqua, acqua corrente, ruscello, fiume',
      pt: 'agua, agua corrente, riacho, rio',
      ja: '水, 水の音, 水の流れ, 川のせせらぎ, せせらぎ',
      zh: '水, 水声, 流水, 流水声, 溪流',
    },
  },
  {
    catIds: { WHSH: ['SWOOSHES', 'WHOOSH'], SWSH: ['SWOOSHES', 'SWISH'] },
    words: {
      en: 'whoosh, whooshes, swoosh, swooshes, swish, swishes, swooshes whoosh, swooshes swish',
      de: 'wusch, sausen, vorbeisausen',
      fr: "souffle d'air, passage d'air, fendre l'air",
      es: 'soplo de aire, ráfaga de aire, corte de aire',
      it: "soffio d'aria, sibilo d'aria, spostamento d'aria",
      pt: 'sopro de ar, rajada de ar, assobio de ar',
      ja: '風切り音, 風を切る音, ヒュッ, シュッ, スイング音',
      zh: '嗖, 嗖声, 呼啸, 呼啸声, 挥动声',
    },
  },
];

/** Categories of CatIDs that name no kind of sound above. */
export const OTHER_CATEGORIES: Sound['catIds'] = { FOLYMisc: ['FOLEY', 'MISC'] };
