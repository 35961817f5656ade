// Drills on air: locked, prepared, and then done; what came of it is said.
import { onDeaths, outcome, victim } from './deaths.js';
import { ask, find, list, make, rights } from './tools.js';

/** In milliseconds: what was prepared is forgotten then. */
const patience = 10_000;
let children = [];
let armed = null;
let timer = null;
let waiting = null;

const name = (child) => `${victim(child.part)} (${child.pid})`;

function disarm() {
  clearTimeout(timer);
  armed = null;
  find('fire').hidden = true;
  find('arm').hidden = false;
}

/** With each state. */
export function showDrills(broadcast) {
  find('drills').hidden = !rights.mayDrill;
  if (!rights.mayDrill) return;
  children = (broadcast?.children ?? []).filter((child) => child.pid);
  if (armed && !children.some((child) => child.pid === armed.pid)) disarm();
  list(find('victim'), children, (child) => child.pid, () => make('option'), (option, child) => {
    option.value = child.pid;
    if (option.textContent !== name(child)) option.textContent = name(child);
  });
}

find('unlock').onchange = (event) => {
  find('drill').disabled = !event.target.checked;
  disarm();
};
find('victim').onchange = disarm;
find('fault').onchange = disarm;
find('arm').onclick = () => {
  const child = children.find((one) => String(one.pid) === find('victim').value);
  if (!child) return;
  armed = { pid: child.pid, fault: find('fault').value, name: name(child) };
  find('fire').textContent = `Now ${armed.fault} ${armed.name}`;
  find('fire').hidden = false;
  find('arm').hidden = true;
  find('fire').focus();
  timer = setTimeout(disarm, patience);
};
find('fire').onclick = async () => {
  const drill = armed;
  disarm();
  if (!drill) return;
  waiting = drill;
  find('outcome').textContent = `${drill.name}: on its way`;
  const reply = await ask({ request: 'drill', pid: drill.pid, fault: drill.fault });
  if (!reply) {
    waiting = null;
    find('outcome').textContent = '';
  }
};
onDeaths((deaths) => {
  const death = waiting && deaths.findLast((one) => one.pid === waiting.pid);
  if (death) find('outcome').textContent = `${waiting.name}: ${death.cause} · ${outcome(death)}`;
});
