// Deaths of processes on a time axis, with what each was and what came of it.
import { find, get, list, make } from './tools.js';

/** Of warnings and errors that are kept as lines. */
const mostLines = 500;
let deaths = [];
let lines = [];
let chosen = null;
let isAsking = false;
let isDue = true;
let wasThere = false;
const listeners = new Set();

/** Calls `listener` with all deaths whenever there are new ones. */
export const onDeaths = (listener) => listeners.add(listener);

/** `time pid`: a death by itself. */
const key = (death) => `${death.time} ${death.pid}`;

/** Who died, in words. */
export const victim = (part) => [part.duty === 'on-air' ? '' : part.duty, part.name].filter(Boolean).join(' ');

/** What came of a death, in words. */
export function outcome(death) {
  const recovered = death.recoveredAfterMilliseconds;
  return [
    `seen within ${death.detectedWithinMilliseconds.toFixed(1)} ms`,
    recovered === undefined ? 'nothing has taken over yet' : `work went on after ${recovered.toFixed(1)} ms`,
    death.framesLate ? `${death.framesLate} frames given again` : 'no frame late',
    death.plugin ? `plugin ${death.plugin}` : '',
  ].filter(Boolean).join(' · ');
}

async function ask() {
  isDue = true;
  if (isAsking) return;
  isAsking = true;
  while (isDue) {
    isDue = false;
    deaths = (await get('deaths'))?.deaths ?? deaths;
  }
  isAsking = false;
  draw();
  for (const listener of listeners) listener(deaths);
}

/** An event that has come, or came before. */
export function noteEvent(event) {
  if (event.level !== 'notice') {
    lines.push({ time: event.time, level: event.level });
    lines = lines.slice(-mostLines);
  }
  if (/\.(died|recovered)$/.test(event.code)) ask();
}

/** With each state. */
export function showDeaths(broadcast) {
  if (broadcast && !wasThere) ask();
  wasThere = Boolean(broadcast);
}

function choose(death) {
  chosen = chosen === key(death) ? null : key(death);
  draw();
}

function draw() {
  const now = Date.now() / 1000;
  const span = Number(find('span').value);
  const place = (time) => `${Math.max(0, Math.min(1, 1 - (now - time) / span)) * 100}%`;
  const isWithin = (item) => now - item.time <= span;
  const seen = deaths.filter(isWithin);
  const marks = find('marks');
  list(marks, [...lines.filter(isWithin).map((line, index) => ({ line, index })), ...seen.map((death) => ({ death }))],
    (item) => (item.death ? key(item.death) : `line ${item.line.time} ${item.index}`),
    (item) => {
      const mark = make(item.death ? 'button' : 'i');
      if (item.death) {
        mark.type = 'button';
        mark.onclick = () => choose(item.death);
      } else mark.className = item.line.level;
      return mark;
    }, (mark, item) => {
      mark.style.left = place((item.death ?? item.line).time);
      if (!item.death) return;
      const { death } = item;
      mark.title = `${victim(death.part)}: ${death.cause}`;
      mark.setAttribute('aria-label', `${new Date(death.time * 1000).toLocaleTimeString()} ${mark.title}`);
      mark.setAttribute('aria-pressed', String(chosen === key(death)));
      mark.classList.toggle('bad', death.recoveredAfterMilliseconds === undefined);
    });
  find('ends').firstChild.textContent = new Date((now - span) * 1000).toLocaleString([], {
    weekday: span > 86400 ? 'short' : undefined, hour: '2-digit', minute: '2-digit',
  });
  find('deaths-sum').textContent = seen.length === 1 ? '1 death' : `${seen.length} deaths`;
  const death = deaths.find((one) => key(one) === chosen);
  if (death) {
    find('death').textContent =
      `${new Date(death.time * 1000).toLocaleString()}: ${victim(death.part)} (process ${death.pid}), ${death.cause}; ${outcome(death)}`
      + `${death.standardError ? `; it wrote last: ${death.standardError.trim().slice(-300)}` : ''}`;
  }
  list(find('deaths'), seen.slice(-20).reverse(), key, () => make('li', null, make('span'), make('span'), make('small')), (row, one) => {
    row.children[0].textContent = victim(one.part);
    row.children[1].textContent = one.cause;
    row.children[1].className = 'state warn';
    row.children[2].textContent = `${new Date(one.time * 1000).toLocaleTimeString()} · ${outcome(one)}`;
  });
}

find('span').onchange = draw;
setInterval(draw, 5000);
