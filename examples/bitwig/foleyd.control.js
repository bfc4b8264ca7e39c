// A controller script for Bitwig Studio 5 and later: sounds of foleyd into clip launcher slots.
//
// Copy this file into Documents/Bitwig Studio/Controller Scripts/foleyd, then Settings > Controllers > Add controller >
// foleyd > foleyd. Select a slot of an audio track, and in the Studio I/O panel choose a class and press Generate. What
// the slot had is replaced. Bitwig copies a sample into a project with "Collect and Save".
//
// Functions are those of Bitwig's "Control Surface API" (Dashboard > Help > Documentation > Developer Resources):
// OscModule, Settings, CursorTrack, ClipLauncherSlotBank, InsertionPoint. OSC: protocol/PROTOCOL.md of foleyd. The
// language is ES5, which every version of Bitwig reads.

loadAPI(18);
host.setShouldFailOnDeprecatedUse(true);
host.defineController('foleyd', 'foleyd', '0.1', '5d0c4d0e-3a9e-4b39-9a55-6d1a0f0be6a1', 'foleyd');

var SLOTS = 64;
var foleyd;
var track;
var slots;
var settings;
var count = 0;
var waiting = {};

function init() {
  var preferences = host.getPreferences();
  var port = preferences.getNumberSetting('OSC port of foleyd', 'foleyd', 1, 65535, 1, '', 9248);
  var replyPort = preferences.getNumberSetting('Port for its answers', 'foleyd', 1, 65535, 1, '', 9250);
  var state = host.getDocumentState();
  settings = {
    name: state.getStringSetting('Class', 'foleyd', 64, 'DogBark'),
    temperature: state.getNumberSetting('Temperature', 'foleyd', 0, 2, 0.05, '', 1),
  };
  settings.name.markInterested();
  settings.temperature.markInterested();
  state.getSignalSetting('Generate', 'foleyd', 'Into the selected slot').addSignalObserver(generate);
  state.getSignalSetting('Cancel', 'foleyd', 'What is being made').addSignalObserver(cancel);

  track = host.createCursorTrack('foleyd', 'foleyd', 0, SLOTS, true);
  track.isPinned().markInterested();
  slots = track.clipLauncherSlotBank();
  for (var i = 0; i < SLOTS; i++) slots.getItemAt(i).isSelected().markInterested();

  var osc = host.getOscModule();
  var answers = osc.createAddressSpace();
  answers.registerMethod('/foley/done', '*', 'a clip is ready', function (_source, message) {
    done(message);
  });
  answers.registerMethod('/foley/failed', '*', 'there is no clip', function (_source, message) {
    failed(message);
  });
  // Rows, and whatever else comes, are nobody's business here.
  answers.registerDefaultMethod(function () {});
  osc.createUdpServer(Math.round(replyPort.getRaw()), answers);
  foleyd = osc.connectToUdpServer('127.0.0.1', Math.round(port.getRaw()), osc.createAddressSpace());
  // Foleyd answers the port that asked, and Bitwig hears on another.
  foleyd.sendMessage('/foley/reply', String(Math.round(replyPort.getRaw())));
}

function exit() {
  cancel();
}

function generate() {
  var slot = -1;
  for (var i = 0; i < SLOTS; i++) if (slots.getItemAt(i).isSelected().get()) slot = i;
  if (slot < 0) return host.showPopupNotification('foleyd: select a slot of an audio track');
  count += 1;
  var id = 'bitwig-' + count;
  waiting[id] = slot;
  // The cursor stays on this track until the sound is there.
  track.isPinned().set(true);
  // As text, because a script's number may be an integer or a double to Java; foleyd reads both.
  var temperature = String(settings.temperature.getRaw());
  foleyd.sendMessage('/foley/generate', id, settings.name.get(), 'temperature', temperature);
}

function cancel() {
  Object.keys(waiting).forEach(function (id) {
    foleyd.sendMessage('/foley/cancel', id);
  });
}

function done(message) {
  var slot = taken(message.getString(0));
  if (slot === undefined) return;
  slots.getItemAt(slot).replaceInsertionPoint().insertFile(message.getString(1));
}

function failed(message) {
  if (taken(message.getString(0)) === undefined) return;
  host.showPopupNotification('foleyd: ' + message.getString(1) + ': ' + message.getString(2));
}

/** The slot that a request was for, which then is over. */
function taken(id) {
  var slot = waiting[id];
  delete waiting[id];
  if (Object.keys(waiting).length === 0) track.isPinned().set(false);
  return slot;
}
