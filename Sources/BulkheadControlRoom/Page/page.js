// The control room's page: what the state and the events say, and the requests of the control protocol (docs/control.md).
import { showDeaths, noteEvent } from './deaths.js';
import { showDrills } from './drills.js';
import { noteRoom } from './chat.js';
import { showThumbnails } from './thumbnails.js';
import { ask, find, list, make, say, rights } from './tools.js';

const mostEvents = 500;
let state = null;

// MARK: scenes

function scenes(broadcast) {
  const names = (broadcast.scenes ?? []).map((scene) => ({ name: scene.scene.name, kind: 'scene', sight: scene.scene }));
  for (const input of broadcast.inputs ?? []) {
    const isThere = names.some((scene) => scene.name.toLowerCase() === input.name.toLowerCase());
    if (input.hasPicture !== false && input.backupOf === undefined && !isThere) {
      names.push({ name: input.name, kind: 'input alone', sight: input.name });
    }
  }
  return names;
}

function transition() {
  const kind = find('transition').value;
  if (kind === 'cut') return undefined;
  const milliseconds = Number(find('milliseconds').value);
  return { kind, milliseconds: Math.min(20000, Math.max(0, Math.round(milliseconds) || 0)) };
}

function choose(name) {
  if (find('prepares').checked) return ask({ request: 'scene.prepare', scene: name });
  return ask({ request: 'scene.take', scene: name, transition: transition() });
}

function take() { return ask({ request: 'scene.take', transition: transition() }); }

function showScenes(broadcast) {
  const shown = broadcast.scene ?? broadcast.inputs?.find((input) => input.isShown)?.name;
  list(find('scenes'), scenes(broadcast), (scene) => scene.name, (scene) => {
    const button = make('button', null, thumbnail(), make('span'), make('small'));
    button.type = 'button';
    button.onclick = () => choose(scene.name);
    return button;
  }, (button, scene, index) => {
    const isPrepared = broadcast.preparedScene === scene.name;
    sights.push([button.children[0], scene.sight]);
    button.children[1].textContent = scene.name;
    button.children[2].textContent =
      [index < 9 ? index + 1 : '', scene.kind, isPrepared ? 'prepared' : ''].filter(Boolean).join(' · ');
    button.setAttribute('aria-pressed', String(shown === scene.name));
    button.classList.toggle('prepared', isPrepared);
  });
  find('take').disabled = !broadcast.preparedScene;
  const prepared = scenes(broadcast).find((scene) => scene.name === broadcast.preparedScene);
  find('preview').hidden = !prepared;
  find('preview-name').textContent = prepared?.name ?? '';
  if (prepared) sights.push([find('preview-picture'), prepared.sight]);
}

/** Canvases, and what they are to show; gathered with each state. */
let sights = [];

function thumbnail() {
  const canvas = make('canvas');
  Object.assign(canvas, { width: 320, height: 180, hidden: true });
  canvas.className = 'thumbnail';
  // The words beside it say what it is.
  canvas.setAttribute('aria-hidden', 'true');
  return canvas;
}

// MARK: sound

const silence = -60;
const decibels = (value) => (value === '-inf' || value === undefined ? -Infinity : Number(value));
const words = (value, unit) => (Number.isFinite(value) ? `${value.toFixed(1)} ${unit}` : `−∞ ${unit}`);

function level(peak) {
  const bar = make('div', null, make('i'));
  bar.className = 'level';
  bar.setAttribute('role', 'meter');
  bar.setAttribute('aria-valuemin', silence);
  bar.setAttribute('aria-valuemax', 0);
  setLevel(bar, peak);
  return bar;
}

function setLevel(bar, peak) {
  const share = Math.max(0, Math.min(1, (peak - silence) / -silence));
  bar.firstChild.style.width = `${Number.isFinite(peak) ? share * 100 : 0}%`;
  bar.firstChild.className = peak > -1 ? 'hot' : '';
  bar.setAttribute('aria-valuenow', Math.max(silence, Math.min(0, peak)).toFixed(0));
}

function setStrip(strip, change) {
  return ask({ request: 'audio.set', input: String(strip.input), strip: { ...strip.settings, ...change } });
}

function showSound(sound) {
  const program = find('program-sound');
  if (!sound) {
    program.replaceChildren(make('p', 'There is no sound yet.'));
    return find('strips').replaceChildren();
  }
  if (program.children.length !== 2) {
    program.replaceChildren(level(-Infinity), make('p'));
    program.firstChild.setAttribute('aria-label', 'Program, peak');
  }
  setLevel(program.firstChild, decibels(sound.levels.now.peak));
  program.lastChild.textContent =
    `Program ${words(decibels(sound.levels.shortTerm), 'LUFS')} short-term, true peak ${words(decibels(sound.levels.truePeak), 'dBTP')}`;
  list(find('strips'), sound.strips, (strip) => strip.input, (strip) => {
    const [name, output, mute, fader] = [make('span'), make('output'), make('button', 'Mute'), make('input')];
    mute.type = 'button';
    Object.assign(fader, { type: 'range', min: -60, max: 24, step: 0.5 });
    const element = make('div', null, name, output, mute, level(-Infinity), fader);
    element.className = 'strip';
    mute.onclick = () => setStrip(element.strip, { isMuted: !element.strip.settings.isMuted });
    // One request at a time: a finger on the fader asks for more than a master takes.
    let next = null;
    let isBusy = false;
    fader.oninput = async () => {
      next = Number(fader.value);
      output.textContent = words(next <= silence ? -Infinity : next, 'dB');
      if (isBusy) return;
      isBusy = true;
      while (next !== null) {
        const gain = next <= silence ? '-inf' : next;
        next = null;
        await setStrip(element.strip, { gain });
      }
      isBusy = false;
    };
    element.isHeld = () => isBusy;
    return element;
  }, (element, strip) => {
    const [name, output, mute, bar, fader] = element.children;
    element.strip = strip;
    name.textContent = strip.name;
    mute.setAttribute('aria-pressed', String(strip.settings.isMuted));
    mute.textContent = strip.settings.isMuted ? 'Muted' : 'Mute';
    mute.classList.toggle('bad', strip.settings.isMuted);
    bar.setAttribute('aria-label', `${strip.name}, peak`);
    setLevel(bar, strip.isHeard ? decibels(strip.levels.peak) : -Infinity);
    fader.setAttribute('aria-label', `${strip.name}, gain in decibels`);
    if (element.isHeld()) return;
    const gain = decibels(strip.settings.gain);
    if (document.activeElement !== fader || !fader.matches(':active')) fader.value = Math.max(silence, gain);
    output.textContent = words(gain, 'dB');
  });
}

// MARK: rows

const good = new Set(['publishing', 'writing', 'ready', 'still', 'working', 'restored']);
const bad = new Set(['failed', 'refused', 'off', 'quarantined']);
const tone = (word) => (good.has(word) ? 'good' : bad.has(word) ? 'bad' : 'warn');

function rows(id, items, key, describe) {
  list(find(id), items, key, () => make('li', null, make('span'), make('span'), make('small'), ...(id === 'inputs' ? [thumbnail()] : [])), (row, item) => {
    const { name, state, detail, action } = describe(item);
    row.children[0].textContent = name;
    const side = row.children[1];
    if (!side.firstChild) side.append(make('span'), ' ');
    side.firstChild.textContent = state;
    side.firstChild.className = `state ${tone(state)}`;
    if (action && !side.querySelector('button')) side.append(make('button'));
    const button = side.querySelector('button');
    if (button) {
      button.hidden = !action;
      button.type = 'button';
      button.textContent = action?.name ?? '';
      button.onclick = action?.run ?? null;
    }
    row.children[2].textContent = detail;
    if (row.children[3] && item.hasPicture !== false) sights.push([row.children[3], item.name]);
  });
}

const megabits = (bits) => `${(bits / 1e6).toFixed(2)} Mbit/s`;
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

function link(status) {
  const isPaused = ['paused', 'failed', 'ended'].includes(status.state);
  const detail = [
    status.destination, megabits(status.bitsPerSecond), `${status.queuedMilliseconds} ms wait`,
    status.reconnects ? `${status.reconnects} reconnects` : '', status.framesShed ? `${status.framesShed} frames shed` : '',
    status.lastError,
  ];
  return {
    name: status.name, state: status.state, detail: detail.filter(Boolean).join(' · '),
    action: isPaused
      ? { name: 'Start', run: () => ask({ request: 'link.retry', link: status.name }) }
      : {
          name: 'Pause',
          run: () => confirm(`Take ${status.name} off the air?`) && ask({ request: 'link.pause', link: status.name }),
        },
  };
}

function input(status) {
  const playlist = status.playlist;
  const detail = [
    status.summary, status.isShown ? 'shown' : '', status.isHeard ? 'heard' : '', status.isMissing ? 'gives no picture' : '',
    playlist ? `${playlist.title ?? playlist.file} (${playlist.number} of ${playlist.count})` : '', status.failure,
  ];
  return {
    name: status.name, state: status.state, detail: detail.filter(Boolean).join(' · '),
    action: playlist && { name: 'Next', run: () => ask({ request: 'input.skip', input: String(status.id) }) },
  };
}

function recording(status) {
  return {
    name: status.path.split('/').pop(), state: status.troubles.length ? 'failed' : 'writing',
    detail: [
      clock(status.seconds), megabytes(status.writtenBytes),
      status.freeBytes === undefined ? '' : `${megabytes(status.freeBytes)} free`,
      ...status.troubles.map((trouble) => `${trouble.trouble} ${trouble.text}`),
    ].filter(Boolean).join(' · '),
  };
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  const two = (number) => String(number).padStart(2, '0');
  return `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

// MARK: all of it

function show(snapshot) {
  state = snapshot;
  const broadcast = snapshot.broadcast;
  const air = find('air');
  air.textContent = !snapshot.isReached ? 'no broadcast' : broadcast?.state ?? 'idle';
  air.classList.toggle('on', broadcast?.state === 'on air');
  document.body.classList.toggle('away', !broadcast);
  const figures = broadcast
    ? [
        ['On air', clock(broadcast.secondsOnAir)], ['Showing', broadcast.showing],
        ['Frames/s', broadcast.framesPerSecond.toFixed(1)], ['Sent', megabits(broadcast.bitsPerSecond)],
        ['Skipped', broadcast.framesSkipped],
      ]
    : [];
  list(find('figures'), figures, ([name]) => name, () => make('div', null, make('dt'), make('dd')), (row, [name, value]) => {
    row.firstChild.textContent = name;
    row.lastChild.textContent = value;
  });
  sights = [];
  showScenes(broadcast ?? {});
  showSound(broadcast?.sound);
  rows('links', broadcast?.links ?? [], (item) => item.name, link);
  rows('inputs', broadcast?.inputs ?? [], (item) => item.id, input);
  rows('recordings', broadcast?.recordings ?? [], (item) => item.name, recording);
  rows('children', broadcast?.children ?? [], (item, index) => `${item.part.role} ${item.part.name} ${item.part.duty} ${index}`,
    (child) => ({
      name: [child.part.duty === 'on-air' ? '' : child.part.duty, child.part.name].filter(Boolean).join(' '),
      state: child.state,
      detail: [child.pid ? `process ${child.pid}` : '', child.restarts ? `${child.restarts} restarts` : '', child.lastEnd]
        .filter(Boolean).join(' · '),
    }));
  rows('plugins', broadcast?.plugins ?? [], (item) => item.name, (plugin) => ({
    name: plugin.name, state: plugin.state, detail: `${plugin.microsecondsPerFrame.toFixed(0)} µs a frame ${plugin.problem}`,
    action: plugin.state === 'working'
      ? { name: 'Disable', run: () => ask({ request: 'plugin.disable', name: plugin.name }) }
      : { name: 'Enable', run: () => ask({ request: plugin.state === 'disabled' ? 'plugin.enable' : 'plugin.pardon', name: plugin.name }) },
  }));
  find('replay').disabled = !broadcast?.replay;
  showThumbnails(broadcast, sights);
  showDeaths(broadcast);
  showDrills(broadcast);
  if (!rights.maySteer) {
    for (const element of document.querySelectorAll('.steers :is(button, input, select)')) element.disabled = true;
  }
}

function showEvent(event) {
  noteEvent(event);
  noteRoom(event);
  const time = new Date(event.time * 1000);
  const values = Object.entries(event.values ?? {})
    .filter(([key]) => key !== 'standardError').map(([key, value]) => `${key} ${value}`).join(', ');
  const stamp = make('time', time.toLocaleTimeString());
  stamp.dateTime = time.toISOString();
  const row = make('li', null, stamp, `${event.part.name}: ${event.code.split('.').slice(1).join('.')} ${values}`);
  row.className = event.level;
  if (event.level !== 'notice') row.classList.add(event.level === 'error' ? 'bad' : 'warn');
  const events = find('events');
  events.prepend(row);
  while (events.children.length > mostEvents) events.lastChild.remove();
}

find('take').onclick = take;
find('replay').onclick = async () => {
  const reply = await ask({ request: 'recording.save-replay' });
  if (reply) say(`Saved: ${reply.replay.paths.join(', ')}`);
};
find('mark').onclick = async () => {
  const text = find('chapter').value.trim();
  if (text && await ask({ request: 'recording.mark', text })) find('chapter').value = '';
};
find('only-trouble').onchange = (event) => find('events').classList.toggle('trouble', event.target.checked);
document.addEventListener('keydown', (event) => {
  if (!rights.maySteer || event.ctrlKey || event.altKey || event.metaKey || event.target.matches('input, select, textarea')) return;
  if (event.key === 't') take();
  const scene = /^[1-9]$/.test(event.key) ? scenes(state?.broadcast ?? {})[Number(event.key) - 1] : null;
  if (scene) choose(scene.name);
});

const source = new EventSource(`${location.origin}/api/events?status&last=200`);
source.addEventListener('status', (message) => show(JSON.parse(message.data)));
source.onmessage = (message) => showEvent(JSON.parse(message.data));
source.addEventListener('gap', () => find('events').replaceChildren());
source.onerror = () => {
  find('air').textContent = 'connecting';
  find('air').classList.remove('on');
};
globalThis.room = { show, get state() { return state; } };
