/**
 * Words of a name that are no sound: articles, qualifiers, prepositions, negations, in the eight languages of sounds.ts. They
 * decide which part of a name is read as the sound.
 */

/** Words that say nothing about the kind of sound. */
export const FILLERS =
  'a an the der die das dem den ein eine einem einen einer le la les l un une des el los las una unos unas lo il gli i uno o os as um uma ' +
  'sound sounds noise noises effect effects sfx fx foley recording geräusch geräusche klang klänge bruit bruits son sons bruitage ' +
  'sonido sonidos ruido ruidos suono suoni rumore rumori som barulho barulhos efecto effetto efeito';

/** Words that say what kind of it, where they come after the name of the sound: "rain, heavy". */
export const QUALIFIERS =
  'heavy light soft loud hard gentle fast slow quick quiet steady distant far close near wet dry big huge large small little long short ' +
  'single double multiple loop looped inside outside indoor indoors outdoor outdoors interior exterior int ext pass passing passes by ' +
  'running walking idle idling revving accelerating human male female man woman child misc general medium';

/** What comes after one says where or on what, not what: "steps on gravel". */
export const PREPOSITIONS =
  'on in at over under through into with of from across by for upon onto inside outside during near off ' +
  'auf im am an über unter durch mit von vom aus bei beim zum zur ' +
  'sur dans de du d au aux avec sous en par qui contre chez ' +
  'sobre del con por bajo al su sul sullo sulla sui sulle nel nella nello di dei della delle del da dal dalla sotto ' +
  'em do dos da das com no na nos nas sob pelo pela';

export const CONJUNCTIONS = 'and und et y e ed or oder ou plus';

/** A name with one of these is not understood: what it leaves out is not what it names. */
export const NEGATIONS = 'not without kein keine keinen nicht ohne sans sin senza sem non never nie 无 没有 不';

/** Ends of Japanese and Chinese names that say that it is a sound. */
export const CJK_ENDS = ['の効果音', '効果音', 'の音', '音', '的声音', '声音', '的声', '声', '音效', 'の声'];
