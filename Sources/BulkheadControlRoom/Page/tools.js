// What the page's parts share: elements, requests, rights.

export const find = (id) => document.getElementById(id);

// Addresses begin with the origin, because that of the page may hold a password, with which nothing can be fetched.

/** Makes an element with text and children. */
export function make(name, text, ...children) {
  const element = document.createElement(name);
  if (text !== undefined && text !== null) element.textContent = text;
  element.append(...children);
  return element;
}

/** Keeps the elements of a list by their keys: what has the focus stays where it is. */
export function list(parent, items, key, create, update) {
  const old = new Map([...parent.children].map((element) => [element.dataset.key, element]));
  items.forEach((item, index) => {
    const name = String(key(item, index));
    let element = old.get(name);
    if (element) old.delete(name);
    else {
      element = create(item);
      element.dataset.key = name;
    }
    if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index] ?? null);
    update(element, item, index);
  });
  for (const element of old.values()) element.remove();
}

export function say(text) {
  find('message').textContent = text;
  find('message').hidden = !text;
}

/** Asks the broadcast for something, and says why it is refused. */
export async function ask(request) {
  let problem = '';
  try {
    const answer = await fetch(`${location.origin}/api/requests`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(request),
    });
    const text = await answer.text();
    const reply = answer.headers.get('Content-Type') === 'application/json' ? JSON.parse(text) : null;
    if (reply?.reply === 'failed') {
      problem = [reply.error.problem, reply.error.advice].filter(Boolean).join('; ');
    } else if (!answer.ok) problem = text.trim();
    say(problem);
    return problem ? null : reply;
  } catch {
    say('The control room does not answer.');
    return null;
  }
}

/** What the server has of itself, such as `deaths`; undefined where it does not say. */
export async function get(name) {
  try {
    const answer = await fetch(`${location.origin}/api/${name}`);
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined;
  }
}

/** What the password lets one do: `maySteer`, `mayDrill`. */
export const rights = (await get('access')) ?? { maySteer: true, mayDrill: false };
find('looking').hidden = rights.maySteer;
