// The live room: its title, what is pinned, and what people say, the newest first.
import { ask, find, get, list, make, rights } from './tools.js';

/** In milliseconds, while a room is there and the page is seen. */
const span = 2500;
let isThere = false;
let isLooking = false;

async function look() {
  if (document.hidden || isLooking) return;
  isLooking = true;
  const answer = await get('room');
  isLooking = false;
  isThere = Boolean(answer);
  find('room-section').hidden = !isThere;
  if (isThere) show(answer);
}

function show({ room, comments }) {
  find('room-name').textContent = [room.title || room.name, room.category].filter(Boolean).join(' · ');
  const pinned = find('pinned');
  pinned.hidden = !room.pinned;
  if (room.pinned) {
    const comment = room.pinned.comment;
    pinned.children[0].textContent = [comment.author, comment.text].filter(Boolean).join(': ');
    pinned.children[1].hidden = !rights.maySteer;
    pinned.children[1].onclick = () => change({ request: 'room.unpin' });
  }
  list(find('comments'), comments.slice().reverse(), (entry) => entry.number, (entry) => {
    const { comment } = entry;
    const row = make('li', null, make('span', null, make('b', comment.author), comment.text));
    if (!rights.maySteer) return row;
    const [pin, hide] = [make('button', 'Pin'), make('button', 'Block')];
    pin.type = hide.type = 'button';
    pin.setAttribute('aria-label', `Pin the comment of ${comment.author}`);
    hide.setAttribute('aria-label', `Block ${comment.author}`);
    pin.onclick = () => change({ request: 'room.pin', pin: { comment: comment.id } });
    hide.onclick = () => {
      if (!confirm(`Keep all comments of ${comment.author} off the picture?`)) return;
      change({ request: 'room.block', block: { words: [], users: [comment.authorID || comment.author] } });
    };
    hide.hidden = !(comment.authorID || comment.author);
    row.append(pin, hide);
    return row;
  }, () => {});
}

async function change(request) {
  await ask(request);
  await look();
}

/** An event that has come: of a room, it is looked at. */
export function noteRoom(event) {
  if (/^(room|chat)\./.test(event.code) || event.code === 'timeline.on-air') look();
}

document.addEventListener('visibilitychange', look);
setInterval(() => {
  if (isThere) look();
}, span);
look();
