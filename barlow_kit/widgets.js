// The live pictures of barlow_kit.widgets, for anywidget: a matrix, curves, a map of points.
// Python sets `data`, one message for one picture; everything here draws that and listens to hand and keyboard.

const mid = (lo, x, hi) => Math.min(Math.max(x, lo), hi);
const floats = view => new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
const short = v => !Number.isFinite(v) ? "not a number" : v === 0 ? "0"
  : Math.abs(v) >= 1e4 || Math.abs(v) < 1e-3 ? v.toExponential(1) : String(+v.toPrecision(4));

// A canvas in a theme's colors with a line of text below, redrawn when data, theme or sharpness of the screen change.
function stage(model, el, width, height, label) {
  const canvas = Object.assign(document.createElement("canvas"), { tabIndex: 0 });
  const readout = document.createElement("div");
  canvas.style.cssText = `width:${width}px;height:${height}px;touch-action:none`;
  readout.style.cssText = "min-height:1.4em;font-size:12px;font-variant-numeric:tabular-nums";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  readout.setAttribute("role", "status");
  el.append(canvas, readout);
  const self = { canvas, pen: canvas.getContext("2d"), ink: "#888", draw: () => {},
    say: text => { if (readout.textContent !== text) readout.textContent = text; } };
  self.redraw = () => {
    const sharp = window.devicePixelRatio || 1;
    canvas.width = width * sharp;
    canvas.height = height * sharp;
    self.pen.scale(sharp, sharp);
    self.ink = getComputedStyle(document.body).getPropertyValue("--jp-ui-font-color1").trim() || getComputedStyle(el).color;
    Object.assign(self.pen, { fillStyle: self.ink, strokeStyle: self.ink, font: "11px sans-serif", lineWidth: 1 });
    self.draw(self.pen);
  };
  self.at = event => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const theme = new MutationObserver(self.redraw);
  theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "data-theme", "class"] });
  const heard = [];
  self.on = (name, act) => { model.on(name, act); heard.push([name, act]); };
  self.on("change:data", () => self.load());
  self.end = () => { theme.disconnect(); heard.forEach(([name, act]) => model.off(name, act)); };
  return self;
}

function write(pen, text, x, y, align = "left", turned = false) {
  pen.save();
  pen.translate(x, y);
  if (turned) pen.rotate(-Math.PI / 2);
  pen.textAlign = align;
  pen.fillText(text, 0, 0);
  pen.restore();
}

// ---- matrix: { pixels (int16), side, units, limit, title, histograms, order (int32), names }
function matrix({ model, el }) {
  const size = model.get("size"), left = 42, top = 22, right = left + size;
  const self = stage(model, el, size + 216, size + 44,
    "Matrix. Arrows move the cursor, plus and minus zoom, 0 shows all, the mouse wheel zooms, dragging moves.");
  const lut = new Uint8Array(model.get("colors").buffer.slice(model.get("colors").byteOffset));
  const bitmap = document.createElement("canvas");
  let data, pixels, order, view = { x: 0, y: 0, span: 1 }, cursor = null, drag = null;

  const limited = () => {                         // the whole matrix at most, and always within it
    view.span = mid(Math.min(4, data.side), view.span, data.side);
    for (const k of ["x", "y"]) view[k] = mid(0, view[k], data.side - view.span);
  };
  self.load = () => {
    const before = data && data.side;
    data = model.get("data");
    if (!data.side) return;
    const bytes = data.pixels, n = data.side;
    pixels = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    order = data.order && new Int32Array(data.order.buffer.slice(data.order.byteOffset, data.order.byteOffset + 4 * n));
    bitmap.width = bitmap.height = n;
    const image = new ImageData(n, n), words = new Uint32Array(image.data.buffer);
    const colors = Uint32Array.from({ length: 256 }, (_, k) =>
      (255 << 24 | lut[3 * k + 2] << 16 | lut[3 * k + 1] << 8 | lut[3 * k]) >>> 0);
    for (let k = 0; k < n * n; k++) words[k] = pixels[k] === -32768 ? 0xff808080 : colors[(pixels[k] + 32768) >> 8];
    bitmap.getContext("2d").putImageData(image, 0, 0);
    if (before !== n) { view = { x: 0, y: 0, span: n }; cursor = null; }
    self.redraw();
  };
  const tell = () => {
    if (!cursor) return self.say(data.side < data.units ? `${data.units} units, shown as means over blocks` : "");
    const [i, j] = cursor, v = pixels[i * data.side + j];
    const value = v === -32768 ? "not a number" : (v / 32767 * data.limit).toFixed(3);
    const block = data.units / data.side, name = k => order ? order[k] : block === 1 ? k
      : `${Math.floor(k * block)} to ${Math.ceil((k + 1) * block) - 1}`;
    self.say(`${block === 1 ? "unit" : "mean of units"} ${name(i)} of ${data.names[0]}, ${name(j)} of ${data.names[1]}: ${value}`);
  };
  const bars = (pen, counts, y, height, title, color) => {
    const x = right + 70, w = 100 / counts.length, most = Math.max(...counts, 1e-9);
    pen.fillStyle = color;
    counts.forEach((c, k) => pen.fillRect(x + k * w, y + height - height * c / most, w + .3, height * c / most));
    pen.fillStyle = self.ink;
    pen.fillRect(x, y + height, 100, 1);
    write(pen, title, x, y - 5);
    for (const [v, at] of [[-data.limit, "left"], [0, "center"], [data.limit, "right"]])
      write(pen, short(v), x + 50 * (1 + v / data.limit), y + height + 13, at);
  };
  self.draw = pen => {
    if (!data || !data.side) return write(pen, "nothing to show yet", left, top + 20);
    limited();
    pen.imageSmoothingEnabled = view.span > size * (window.devicePixelRatio || 1);
    pen.drawImage(bitmap, view.x, view.y, view.span, view.span, left, top, size, size);
    pen.strokeRect(left - .5, top - .5, size + 1, size + 1);
    write(pen, data.title, left + size / 2, 13, "center");
    const block = data.units / data.side, step = size / view.span;
    for (const share of [0, 1]) {
      const x = Math.round((view.x + share * view.span) * block), y = Math.round((view.y + share * view.span) * block);
      write(pen, x, left + share * size, top + size + 13, ["left", "right"][share]);
      write(pen, y, left - 4, top + share * size + 8 - 8 * share, "right");
    }
    write(pen, `unit j of ${data.names[1]}`, left + size / 2, top + size + 13, "center");
    write(pen, `unit i of ${data.names[0]}`, 12, top + size / 2, "center", true);
    for (let k = 0; k < 256; k++) {
      pen.fillStyle = `rgb(${lut[3 * k]},${lut[3 * k + 1]},${lut[3 * k + 2]})`;
      pen.fillRect(right + 14, top + size * (1 - (k + 1) / 256), 12, size / 256 + .6);
    }
    pen.fillStyle = self.ink;
    for (const v of [-1, -.5, 0, .5, 1]) write(pen, short(v * data.limit), right + 31, top + size * (1 - v) / 2 + 4);
    const tall = size / 2 - 40;
    bars(pen, data.histograms[0], top + 16, tall, "diagonal", "#b2182b");
    bars(pen, data.histograms[1], top + size / 2 + 16, tall, "the rest", "#7f7f7f");
    if (cursor) pen.strokeRect(left + (cursor[1] - view.x) * step, top + (cursor[0] - view.y) * step, Math.max(step, 3), Math.max(step, 3));
    tell();
  };
  const zoom = (factor, x = size / 2, y = size / 2) => {
    const span = mid(Math.min(4, data.side), view.span * factor, data.side);
    view.x += (view.span - span) * x / size;
    view.y += (view.span - span) * y / size;
    view.span = span;
    self.redraw();
  };
  const inside = event => {
    const [x, y] = self.at(event).map((v, k) => v - [left, top][k]);
    return data && data.side && x >= 0 && y >= 0 && x < size && y < size ? [x, y] : null;
  };
  self.canvas.addEventListener("wheel", event => {
    const place = inside(event);
    if (!place) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : .8, ...place);
  }, { passive: false });
  self.canvas.addEventListener("pointerdown", event => {
    if (!inside(event)) return;
    drag = { at: self.at(event), x: view.x, y: view.y };
    self.canvas.setPointerCapture(event.pointerId);
  });
  self.canvas.addEventListener("pointerup", () => { drag = null; });
  self.canvas.addEventListener("pointermove", event => {
    const place = inside(event), step = data && view.span / size;
    if (drag) [view.x, view.y] = ["x", "y"].map((k, n) => drag[k] - (self.at(event)[n] - drag.at[n]) * step);
    cursor = place && [view.y + place[1] * step, view.x + place[0] * step].map(v => mid(0, Math.floor(v), data.side - 1));
    if (data && data.side) self.redraw();
  });
  self.canvas.addEventListener("pointerleave", () => { cursor = null; if (data && data.side) self.redraw(); });
  self.canvas.addEventListener("dblclick", () => zoom(1e9));
  self.canvas.addEventListener("keydown", event => {
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const change = { "+": .8, "=": .8, "-": 1.25, 0: 1e9 }[event.key];
    if (!data || !data.side || !(move || change)) return;
    event.preventDefault();
    event.stopPropagation();
    if (change) return zoom(change);
    const from = cursor || [view.y, view.x].map(Math.floor);
    cursor = from.map((v, k) => mid(0, v + move[k], data.side - 1));
    [view.y, view.x] = [view.y, view.x].map((v, k) => mid(cursor[k] - view.span + 1, v, cursor[k]));
    self.redraw();
  });
  self.load();
  return self;
}

// ---- curves: { panels: [{ title, log, lines: [{ name, color, x, y (float32), dashed }] }] }
function curves({ model, el }) {
  const size = model.get("size"), wide = 215, self = stage(model, el, 2 * wide, size + 44,
    "Curves over the steps of the training. The mouse, or the arrow keys, read values.");
  let panels = [], at = null;
  const box = k => {                              // the first fills the left half, the others share the right
    const n = Math.max(panels.length - 1, 1), each = (size + 16) / n;
    return k === 0 ? [46, 20, wide - 56, size - 20] : [wide + 46, 20 + (k - 1) * each, wide - 56, each - 36];
  };
  self.load = () => {
    panels = (model.get("data").panels || []).map(p => ({ ...p,
      lines: p.lines.map(l => ({ ...l, x: floats(l.x), y: floats(l.y) })) }));
    self.redraw();
  };
  const range = (panel, axis) => {
    let values = panel.lines.flatMap(l => Array.from(l[axis])).filter(Number.isFinite);
    if (axis === "y" && panel.log) values = values.filter(v => v > 0).map(Math.log10);
    let [lo, hi] = [Math.min(...values), Math.max(...values)];
    if (!(hi > lo)) [lo, hi] = values.length ? [lo - .5, hi + .5] : [0, 1];
    return axis === "x" ? [Math.min(0, lo), hi] : [lo - .05 * (hi - lo), hi + .05 * (hi - lo)];
  };
  const frame = (panel, k) => {
    const [x, y, w, h] = box(k), [x0, x1] = range(panel, "x"), [y0, y1] = range(panel, "y");
    return { x, y, w, h, x0, x1, y0, y1, px: v => x + w * (v - x0) / (x1 - x0),
      py: v => y + h - h * ((panel.log ? Math.log10(v) : v) - y0) / (y1 - y0) };
  };
  const nearest = (xs, v) => xs.reduce((best, x, k) => Math.abs(x - v) < Math.abs(xs[best] - v) ? k : best, 0);
  self.draw = pen => panels.forEach((panel, k) => {
    const f = frame(panel, k);
    pen.globalAlpha = .35;
    pen.strokeRect(f.x, f.y, f.w, f.h);
    pen.globalAlpha = 1;
    write(pen, panel.title, f.x, f.y - 5);
    for (const v of [f.y0 + .05 * (f.y1 - f.y0), f.y1 - .05 * (f.y1 - f.y0)])
      write(pen, short(panel.log ? 10 ** v : v), f.x - 4, mid(f.y + 9, f.y + f.h - f.h * (v - f.y0) / (f.y1 - f.y0) + 4, f.y + f.h), "right");
    if (k === 0 || k === panels.length - 1) write(pen, `step ${Math.round(f.x1)}`, f.x + f.w, f.y + f.h + 13, "right");
    panel.lines.forEach((line, n) => {
      pen.strokeStyle = pen.fillStyle = line.color || self.ink;
      pen.setLineDash(line.dashed ? [5, 4] : []);
      pen.lineWidth = 1.5;
      pen.beginPath();
      line.x.forEach((v, i) => { if (Number.isFinite(line.y[i])) pen.lineTo(f.px(v), f.py(line.y[i])); });
      pen.stroke();
      if (line.x.length === 1) pen.fillRect(f.px(line.x[0]) - 2, f.py(line.y[0]) - 2, 4, 4);
      if (panel.lines.length > 1) write(pen, line.name, f.x + f.w - 4, f.y + 14 + 13 * n, "right");
      Object.assign(pen, { lineWidth: 1, strokeStyle: self.ink, fillStyle: self.ink });
      pen.setLineDash([]);
    });
    if (at !== null) pen.fillRect(mid(f.x, f.px(at), f.x + f.w), f.y, 1, f.h);
  });
  const tell = () => {
    if (at === null) return self.say("");
    self.say(`step ${Math.round(at)}: ` + panels.flatMap(p => p.lines).filter(l => l.x.length && !l.dashed)
      .map(l => `${l.name} ${short(l.y[nearest(l.x, at)])}`).join(", "));
  };
  const move = to => { at = to; self.redraw(); tell(); };
  self.canvas.addEventListener("pointermove", event => {
    const [x, y] = self.at(event), k = panels.findIndex((_, n) => {
      const [bx, by, w, h] = box(n);
      return x >= bx && x <= bx + w && y >= by && y <= by + h;
    });
    if (k < 0) return move(null);
    const f = frame(panels[k], k);
    move(f.x0 + (x - f.x) / f.w * (f.x1 - f.x0));
  });
  self.canvas.addEventListener("pointerleave", () => move(null));
  self.canvas.addEventListener("keydown", event => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way || !panels.length) return;
    event.preventDefault();
    event.stopPropagation();
    const [x0, x1] = range(panels[0], "x");
    move(mid(x0, (at ?? x1) + way * (x1 - x0) / 50, x1));
  });
  self.load();
  return self;
}

// ---- map: { points (float32, x and y in turn), colors (one a point), names, title }; `picked`, `marked` are point numbers
function map({ model, el }) {
  const size = model.get("size"), edge = 12, self = stage(model, el, size, size,
    "Map of images. Move the mouse to pick one, or walk through them with the arrow keys.");
  let data = {}, from = null, to = null, began = 0;
  const place = (k, t) => [0, 1].map(c => edge + (size - 2 * edge) * (from[2 * k + c] * (1 - t) + to[2 * k + c] * t));
  const progress = () => mid(0, (performance.now() - began) / 400, 1);
  self.load = () => {
    data = model.get("data");
    if (!data.points) return;
    const next = floats(data.points), moving = to && next.length === to.length;
    from = moving ? to : next;
    to = next;
    began = performance.now() - (moving ? 0 : 1e6);
    self.redraw();
  };
  self.draw = pen => {
    if (!to) return write(pen, "nothing to show yet", edge, edge + 20);
    const t = progress(), n = to.length / 2, ring = (k, width) => {
      pen.lineWidth = width;
      pen.beginPath();
      pen.arc(...place(k, t), 6, 0, 7);
      pen.stroke();
    };
    for (let k = 0; k < n; k++) {
      pen.fillStyle = data.colors[k];
      pen.beginPath();
      pen.arc(...place(k, t), 3.2, 0, 7);
      pen.fill();
    }
    for (const k of model.get("marked")) if (k < n) ring(k, 1);
    if (model.get("picked") >= 0 && model.get("picked") < n) ring(model.get("picked"), 2.5);
    if (t < 1) requestAnimationFrame(self.redraw);
  };
  const pick = k => {
    if (k === model.get("picked")) return;
    model.set("picked", k);
    model.save_changes();
  };
  self.canvas.addEventListener("pointermove", event => {
    if (!to) return;
    const [x, y] = self.at(event);
    let best = -1, least = 15 ** 2;
    for (let k = 0; k < to.length / 2; k++) {
      const [px, py] = place(k, 1), d = (px - x) ** 2 + (py - y) ** 2;
      if (d < least) [best, least] = [k, d];
    }
    if (best >= 0) pick(best);
  });
  self.canvas.addEventListener("keydown", event => {
    const way = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!way || !to) return;
    event.preventDefault();
    event.stopPropagation();
    pick(mid(0, model.get("picked") + way, to.length / 2 - 1));
  });
  self.on("change:picked", self.redraw);
  self.on("change:marked", self.redraw);
  self.load();
  return self;
}

export default {
  render(context) {
    const self = { matrix, curves, map }[context.model.get("kind")](context);
    return () => self.end();
  },
};
