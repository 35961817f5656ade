// The program as a picture, by the watch page's player.
import { Player } from './player.js';
import { find } from './tools.js';

const video = find('video');
const player = new Player(video, `${location.origin}/program`);
let isWanted = true;

const words = {
  connecting: 'connecting', waiting: 'waiting for a program', stalled: 'waiting for more', paused: 'not shown',
};

/** Whether whoever looks wants pictures. */
export const wantsPictures = () => isWanted;

function tell() {
  find('screen-state').textContent = player.state === 'playing' ? '' : player.reason || (words[player.state] ?? player.state);
  // The browser may have muted it.
  find('sound').setAttribute('aria-pressed', String(!video.muted));
}

function show(isShown) {
  if (isShown) player.start();
  else player.pause();
  find('show').setAttribute('aria-pressed', String(isShown));
}

player.addEventListener('change', tell);
find('show').onclick = () => {
  isWanted = player.state === 'paused';
  show(isWanted);
};
find('sound').onclick = () => {
  video.muted = !video.muted;
  tell();
};
// What nobody sees is not asked for.
document.addEventListener('visibilitychange', () => {
  if (isWanted) show(!document.hidden);
});
setInterval(() => {
  const delay = player.state === 'playing' ? player.delay : undefined;
  find('delay').textContent = delay === undefined ? '' : `${delay.toFixed(1)} s behind`;
}, 1000);
show(!document.hidden);
globalThis.programScreen = player;
