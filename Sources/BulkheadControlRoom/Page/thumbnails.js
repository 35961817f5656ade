// Small pictures: of each input, of scenes as they would look, and of the one that is prepared. Nothing is asked for that is not seen.
import { wantsPictures } from './screen.js';
import { find, get } from './tools.js';

/** In milliseconds. */
const span = 1000;
/** By the number of the input: `image`, and where in it the input's own picture lies. */
const pictures = new Map();
/** What is to be drawn: `canvas`, and `scene` or `input`. */
let sights = [];
let canvas = { width: 1280, height: 720 };
let inputs = [];
let isAsking = false;
let drawn = '';

async function look() {
  if (!isWanted() || isAsking) return;
  isAsking = true;
  const answer = await get('thumbnails');
  await Promise.all((answer?.thumbnails ?? []).map(async ({ input, jpeg, content }) => {
    const image = new Image();
    image.src = `data:image/jpeg;base64,${jpeg}`;
    // One that can't be read leaves the one before.
    await image.decode().then(() => pictures.set(input, { image, content }), () => {});
  }));
  isAsking = false;
  draw();
}

const isWanted = () => !document.hidden && wantsPictures() && inputs.length > 0;

/** With each state: `wanted` are pairs of a canvas and what it is to show, a scene or the name of an input. */
export function showThumbnails(broadcast, wanted) {
  const isCopied = broadcast?.isCopied ?? false;
  inputs = isCopied ? [] : (broadcast?.inputs ?? []).filter((input) => input.hasPicture !== false);
  for (const id of pictures.keys()) if (!inputs.some((input) => input.id === id)) pictures.delete(id);
  const [width, height] = String(broadcast?.canvas ?? '').split('x').map(Number);
  if (width > 0 && height > 0) canvas = { width, height };
  sights = wanted;
  // They change with what is laid out, and with each answer.
  const key = JSON.stringify([wanted.map(([, sight]) => sight), canvas]);
  if (key !== drawn) draw();
  drawn = key;
}

function picture(name) {
  const input = inputs.find((one) => one.name.toLowerCase() === name.toLowerCase());
  return input && pictures.get(input.id);
}

/** Hundredths of `share`, or pixels of the program, in pixels of the target. */
const length = (value, share, scale) => (typeof value === 'string' ? share * parseFloat(value) / 100 : (value ?? 0) * scale);

function draw() {
  const isOn = wantsPictures();
  for (const [target, sight] of sights) {
    const names = typeof sight === 'string' ? [sight] : (sight?.items ?? []).map((item) => item.input);
    target.hidden = !isOn || !names.some(picture);
    if (target.hidden) continue;
    const height = Math.round(target.width * canvas.height / canvas.width);
    if (target.height !== height) target.height = height;
    const context = target.getContext('2d', { alpha: false });
    context.fillStyle = '#000';
    context.fillRect(0, 0, target.width, target.height);
    if (typeof sight === 'string') context.drawImage(picture(sight).image, 0, 0, target.width, target.height);
    else for (const item of sight.items) drawItem(context, item);
  }
}

/** As the mixer lays it out (`SceneItem.placement`), to the pixel of a small picture. */
function drawItem(context, item) {
  const shown = item.visible === false ? undefined : picture(item.input);
  if (!shown) return;
  const { width: wide, height: high } = context.canvas;
  const scale = wide / canvas.width;
  const { image, content } = shown;
  const own = { x: content[0] * image.width, y: content[1] * image.height, width: content[2] * image.width, height: content[3] * image.height };
  const inImage = image.width / canvas.width;
  const crop = item.crop ?? {};
  let source = {
    x: own.x + length(crop.left, own.width, inImage), y: own.y + length(crop.top, own.height, inImage),
  };
  source.width = own.x + own.width - length(crop.right, own.width, inImage) - source.x;
  source.height = own.y + own.height - length(crop.bottom, own.height, inImage) - source.y;
  let target = {
    x: length(item.x, wide, scale), y: length(item.y, high, scale),
    width: length(item.width ?? '100%', wide, scale), height: length(item.height ?? '100%', high, scale),
  };
  if (!(source.width > 0 && source.height > 0 && target.width > 0 && target.height > 0)) return;
  if (item.fit === 'cover') source = contained(target, source);
  else if (item.fit !== 'stretch') target = contained(source, target);
  const line = (value) => Math.min(length(value, high, scale), target.width / 2, target.height / 2);
  const outline = new Path2D();
  outline.roundRect(target.x, target.y, target.width, target.height, line(item.cornerRadius));
  context.save();
  context.globalAlpha = item.opacity ?? 1;
  context.clip(outline);
  context.drawImage(image, source.x, source.y, source.width, source.height, target.x, target.y, target.width, target.height);
  if (item.border) {
    context.strokeStyle = item.border.color;
    // Half of it lies outside, where nothing is drawn.
    context.lineWidth = 2 * line(item.border.width);
    context.stroke(outline);
  }
  context.restore();
}

/** The largest area with the shape of `shape` in the middle of `area`. */
function contained(shape, area) {
  const scale = Math.min(area.width / shape.width, area.height / shape.height);
  const [width, height] = [shape.width * scale, shape.height * scale];
  return { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
}

find('show').addEventListener('click', () => {
  draw();
  look();
});
document.addEventListener('visibilitychange', look);
setInterval(look, span);
