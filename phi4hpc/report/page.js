// The plots of the page: each figure drawn again from its data, to read values, to zoom, to hide
// series. The PNG of a figure stands below it, for paper and for browsers without scripts.

'use strict';

const DASH = {draw: (pen, size) => {
  pen.moveTo(-Math.sqrt(size), 0);
  pen.lineTo(Math.sqrt(size), 0);
}};
const SYMBOLS = {o: ['circle'], s: ['square'], '^': ['triangle'], D: ['diamond'],
                 v: ['triangle', 180], '<': ['triangle', -90], '>': ['triangle', 90],
                 p: ['hexagon'], '*': ['star'], x: ['times'], '+': ['plus'], _: [DASH],
                 '.': ['circle']};
const NIGHT = matchMedia('(prefers-color-scheme: dark)');
const MARGIN = {marginLeft: 58, marginRight: 12, marginTop: 10, marginBottom: 24};

// Returns the elements of a tag filled in: make('p', {class: 'note'}, 'text', element, ...).
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Returns what an element of the page holds: gzip in base64, of JSON.
async function unpacked(element) {
  const bytes = Uint8Array.from(atob(element.textContent.trim()), letter => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return JSON.parse(await new Response(stream).text());
}

// Returns a colour that is seen on light and on dark ground, with a contrast of about three at
// least: dark greys are the colour of the text, and all others are lighter on dark ground, or
// darker on light ground where they are pale, in the same order.
function ink(colour) {
  const {r, g, b} = d3.rgb(colour), shade = d3.lab(colour);
  if (r === g && g === b && r < 150) return 'currentColor';
  shade.l = NIGHT.matches ? 50 + shade.l / 2 : Math.min(shade.l, 40 + 0.27 * shade.l);
  return shade.formatHex();
}

// Returns value ± error with two digits of the error, as captions have them in parentheses.
function valued(value, error) {
  if (!(error > 0)) return String(Number(value.toPrecision(6)));
  const places = 1 - Math.floor(Math.log10(error));
  const written = places > 8 ? number => number.toExponential(2)
                             : number => number.toFixed(Math.max(0, places));
  return `${written(value)} ± ${written(error)}`;
}

// What a tip says of a row of the data.
function words(row) {
  const at = row.x - (row.apart ?? 0);
  const argument = row.x_error ? valued(at, row.x_error) : Number(at.toPrecision(7));
  return [row.series, row.place ?? `${row.x_name} = ${argument}`,
          `${row.y_name} = ${valued(row.y, row.error)}`].filter(Boolean).join('\n');
}

// Returns how many ticks an axis has room for, or the ticks where they are whole numbers.
function roomy(about, domain, size) {
  let count = Math.max(3, Math.floor(size / 70));
  if (about.type !== 'linear') return count;
  const [low, high] = d3.extent(domain), names = () =>
    d3.ticks(low, high, count).map(d3.tickFormat(low, high, count));
  while (count > 2 && d3.sum(names(), name => 7 * name.length + 12) > size) count -= 1;
  return about.whole ? d3.ticks(low, high, count).filter(Number.isInteger) : count;
}

// Returns the options of an axis, over the limits `domain`.
function axis(about, domain, size) {
  const options = {type: about.type, domain, label: null, ticks: roomy(about, domain, size)};
  if (about.constant) options.constant = about.constant;
  if (about.ticks) {
    const [low, high] = d3.extent(domain), names = new Map(about.ticks);
    options.ticks = [...names.keys()].filter(at => low <= at && at <= high);
    options.tickFormat = at => about.bare ? '' : names.get(at);
  } else if (about.whole) {
    options.tickFormat = 'd';
  } else if (about.type === 'linear') {
    options.tickFormat = d3.tickFormat(...d3.extent(domain), options.ticks, 'f');
  } else if (about.type === 'log') {
    options.tickFormat = '~g';
    const [low, high] = d3.extent(domain);
    if (high < 20 * low) options.ticks = d3.ticks(low, high, 4);
  }
  return options;
}

// Returns the ticks that have names in words, where all have, as those of models.
function places({ticks = []}) {
  const word = name => Number.isNaN(Number.parseFloat(name.replace('−', '-')));
  return ticks.every(([, name]) => word(name)) ? ticks.filter(([, name]) => name) : [];
}

// Returns whether the names of given ticks need to lean, as they have no room side by side.
function crowded(about, size) {
  if (about.bare) return false;
  const letters = name => d3.max(name.split('\n'), line => line.length);
  const room = size - MARGIN.marginLeft - MARGIN.marginRight;
  return d3.sum(about.ticks ?? [], ([, name]) => 7 * letters(name) + 8) > room;
}

function dashes({dotted}) {
  return dotted ? '1.5 3' : '6 3';
}

// Returns the marks of one trace.
function marksOf(trace, rows, low) {
  const colour = ink(trace.colour), common = {x: 'x', clip: true};
  const above = y => Math.max(y, low);        // an error bar that passes 0 ends at a log axis
  const ends = {y1: row => above(row.y - row.error), y2: row => above(row.y + row.error)};
  const across = {x1: row => row.x - row.x_error, x2: row => row.x + row.x_error};
  const line = {...common, y: 'y', stroke: colour};
  switch (trace.kind) {
    case 'band': return [Plot.areaY(rows, {...common, ...ends, fill: colour, fillOpacity: 0.3,
                                           curve: 'monotone-x'}),
                         Plot.lineY(rows, {...line, strokeWidth: 0.8, curve: 'monotone-x'})];
    case 'line': return [Plot.lineY(rows, {...line, strokeWidth: 1.1,
                                           strokeDasharray: trace.dashed ? dashes(trace) : null,
                                           curve: trace.steps ? 'step' : 'linear'})];
    case 'bars': {
      const pale = {stroke: colour, strokeWidth: trace.width, strokeOpacity: 0.3, clip: true};
      return [rows.some(row => row.x_error) ? Plot.ruleY(rows, {y: 'y', ...across, ...pale})
                                            : Plot.ruleX(rows, {x: 'x', ...ends, ...pale})];
    }
    case 'boxes': return [Plot.rect(rows, {...ends, x1: row => row.x - trace.width / 2,
                                           x2: row => row.x + trace.width / 2, clip: true,
                                           fill: 'none', stroke: colour, strokeWidth: 0.8})];
  }
  const [symbol, rotate = 0] = SYMBOLS[trace.marker] ?? SYMBOLS.o;
  const bar = {stroke: colour, strokeWidth: 1.2, clip: true};
  return [Plot.ruleX(rows, {x: 'x', ...ends, ...bar}),
          Plot.ruleY(rows.filter(row => row.x_error), {y: 'y', ...across, ...bar}),
          Plot.dot(rows, {...common, y: 'y', symbol, rotate, stroke: colour,
                          r: trace.marker === '.' ? 1 : 3,
                          fill: trace.filled ? colour : 'var(--ground)', strokeWidth: 1.2})];
}

// Returns the line or the shaded range of a mark, or the arrowhead and the word at an edge.
function markOf({axis, low, high, colour, dashed, dotted, word, above}) {
  if (word) {
    const edge = {x: [low], frameAnchor: above ? 'top' : 'bottom', dy: above ? 7 : -7,
                  fill: ink(colour), clip: true};
    return [Plot.dot([word], {...edge, symbol: 'triangle', rotate: above ? 0 : 180, r: 3}),
            Plot.text([word], {...edge, text: [word], textAnchor: 'end', dx: -7})];
  }
  const stroke = {stroke: ink(colour), strokeOpacity: 0.7, clip: true,
                  strokeDasharray: dashed ? dashes({dotted}) : null};
  if (low === high) return [(axis === 'x' ? Plot.ruleX : Plot.ruleY)([low], stroke)];
  const range = axis === 'x' ? {x1: [low], x2: [high]} : {y1: [low], y2: [high]};
  return [Plot.rect({length: 1}, {...range, fill: 'currentColor', fillOpacity: 0.08, clip: true})];
}

// Returns a plot that readers of screens pass over: the keys, and the CSV file, tell its values.
function drawn(options) {
  const svg = Plot.plot(options);
  for (const element of svg.querySelectorAll('[aria-label]')) element.removeAttribute('aria-label');
  svg.setAttribute('aria-hidden', 'true');
  return svg;
}

// A panel with axes: what is drawn, where it is zoomed to, and which point is chosen by keys.
class Panel {
  constructor(figure, about, rows) {
    Object.assign(this, {figure, about, zoom: null, chosen: -1});
    let from = 0;
    this.traces = about.traces.map(trace => ({...trace,
                                              rows: rows.slice(from, from += trace.size)}));
    const named = places(about.x);
    for (const row of named.length ? rows : [])
      row.place = d3.least(named, ([at]) => Math.abs(at - row.x))[1].replaceAll('\n', ', ');
    const letter = figure.several ? about.letter : '';
    const label = `${letter} ${about.y.name} against ${about.x.name}; `
      + 'arrow keys step through the values';
    this.plot = make('div', {class: 'plot', tabindex: 0, role: 'group', 'aria-label': label});
    this.said = make('p', {class: 'unseen', 'aria-live': 'polite'});
    const titled = (name, html) => {
      const element = make('p', {class: name});
      element.innerHTML = html;
      return element;
    };
    this.element = make('div', {class: 'panel'}, titled('title', about.title),
                        titled('label y', `<b>${letter}</b> ${about.y.label}`), this.plot,
                        titled('label x', about.x.label), this.said);
    this.plot.addEventListener('keydown', event => this.key(event));
    this.plot.addEventListener('dblclick', () => this.reset());
  }

  // The rows that can be pointed at: of all series that are shown, where the panel is zoomed to.
  get rows() {
    const [[left, right], [low, high]] = this.limits().map(ends => d3.extent(ends));
    return this.traces.filter(trace => !this.figure.hidden.has(trace.series))
      .filter(({kind}) => !['bars', 'boxes'].includes(kind)).flatMap(trace => trace.rows)
      .filter(({x, y}) => left <= x && x <= right && low <= y && y <= high);
  }

  limits() {
    return this.zoom ?? [this.about.x.domain, this.about.y.domain];
  }

  draw() {
    const width = this.plot.clientWidth, [x, y] = this.limits();
    const leaning = crowded(this.about.x, width);
    if (!width) return;
    this.margin = {...MARGIN, marginBottom: leaning ? 110 : MARGIN.marginBottom};
    const height = this.about.height + this.margin.marginTop + this.margin.marginBottom;
    const across = axis(this.about.x, x, width);
    if (leaning) {
      const {tickFormat} = across;
      Object.assign(across, {tickRotate: -40,
                             tickFormat: at => tickFormat(at).replaceAll('\n', ', ')});
    }
    const low = this.about.y.type === 'log' ? d3.min(y) : -Infinity;
    const [shown, marks] = [this.traces, this.about.marks].map(
      drawn => drawn.filter(({series}) => !this.figure.hidden.has(series)));
    const rows = this.rows, chosen = rows[this.chosen];
    const tip = {x: 'x', y: 'y', title: words, fontSize: 12, maxRadius: 60};
    this.svg = drawn({
      width, height, ...this.margin, style: {background: 'none', fontSize: '12px'},
      x: across, y: axis(this.about.y, y, height),
      marks: [...marks.flatMap(markOf), Plot.frame({strokeOpacity: 0.5}),
              ...shown.flatMap(trace => marksOf(trace, trace.rows, low)),
              chosen ? Plot.tip([chosen], tip) : Plot.tip(rows, Plot.pointer(tip))],
    });
    this.brush(width, height);
    this.plot.replaceChildren(this.svg);
  }

  // Lets a box be drawn with the mouse, to which the panel then zooms.
  brush(width, height) {
    const {marginLeft, marginRight, marginTop, marginBottom} = this.margin;
    const box = d3.brush().extent([[marginLeft, marginTop],
                                   [width - marginRight, height - marginBottom]]);
    box.on('end', ({selection}) => {
      if (!selection) return;
      const [[left, top], [right, bottom]] = selection;
      const {invert: x} = this.svg.scale('x'), {invert: y} = this.svg.scale('y');
      this.show([[x(left), x(right)], [y(bottom), y(top)]]);
    });
    d3.select(this.svg).append('g').attr('class', 'brush').call(box);
  }

  show(zoom) {
    this.zoom = zoom;
    this.chosen = -1;
    this.draw();
    this.figure.zoomed();
  }

  reset() {
    this.show(null);
  }

  key(event) {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key], rows = this.rows;
    if (event.key === 'Escape') this.reset();
    if (!step || !rows.length) return;
    event.preventDefault();
    this.chosen = this.chosen < 0 && step < 0 ? rows.length - 1
                                              : (this.chosen + step + rows.length) % rows.length;
    this.said.textContent = words(rows[this.chosen]);
    this.draw();
  }
}

// A part of the PNG in the place of a panel that has no data to draw.
function cutOut(image, [left, top, width, height]) {
  const shown = make('img', {src: image.src, alt: '', class: 'cut'});
  shown.style.width = `${100 / width}%`;
  shown.style.left = `${-100 * left / width}%`;
  shown.style.top = `${-100 * top / height}%`;
  const frame = make('div', {class: 'part'}, shown);
  frame.style.aspectRatio = `${width * image.naturalWidth} / ${height * image.naturalHeight}`;
  frame.style.maxWidth = `${width * image.naturalWidth / 2}px`;
  return frame;
}

// A figure: its panels in their grid, its legend, and the buttons below it.
class Figure {
  constructor(element, about, csv) {
    Object.assign(this, {element, hidden: new Set(), panels: [], swatches: []});
    const rows = d3.groups(d3.csvParse(csv, Figure.row), row => row.panel);
    const data = new Map(rows);
    const grid = make('div', {class: 'grid'});
    grid.style.gridTemplateColumns = about.columns.map(ratio => `minmax(0, ${ratio}fr)`).join(' ');
    const titled = new Set(about.panels.filter(panel => panel.title).map(({row}) => row));
    this.several = about.panels.length > 1;
    about.panels.forEach(panel => grid.append(
      this.placed(panel, this.filled(panel, data.get(panel.letter) ?? [], titled))));
    this.live = make('div', {class: 'live'}, this.legend(about), grid);
    NIGHT.addEventListener('change', () => this.paint());
    element.prepend(this.live);
    element.classList.add('played');
    this.buttons(csv);
    new ResizeObserver(() => this.resized()).observe(grid);
  }

  static row(row) {
    const apart = Number(row.apart);            // from the x of a value to where it is drawn
    return {...row, x: Number(row.x) + apart, y: Number(row.y), apart,
            error: row.error === '' ? null : Number(row.error),
            x_error: row.x_error === '' ? null : Number(row.x_error)};
  }

  filled(about, rows, titled) {
    if (about.part) return cutOut(this.element.querySelector('.still img'), about.part);
    // Panels beside one with a title begin as far below.
    const title = about.title || (titled.has(about.row) ? '\u00a0' : '');
    const panel = new Panel(this, {...about, title}, rows);
    this.panels.push(panel);
    return panel.element;
  }

  placed({row, column, rows, columns}, element) {
    element.style.gridArea = `${row} / ${column} / span ${rows} / span ${columns}`;
    return element;
  }

  legend(about) {
    const looks = new Map();
    for (const {marks = [], traces = []} of about.panels) {
      for (const own of [...marks, ...traces]) {
        const known = looks.get(own.series);
        if (own.series in about.legend && (!known || (own.marker && !known.marker)))
          looks.set(own.series, own);
      }
    }
    const entries = [...looks].map(([series, trace]) => {
      const button = make('button', {type: 'button', 'aria-pressed': true, 'aria-label': series},
                          this.swatch(trace));
      this.swatches.push([button, trace]);
      button.insertAdjacentHTML('beforeend', `<span>${about.legend[series]}</span>`);
      button.addEventListener('click', () => this.toggle(series, button));
      return button;
    });
    return make('div', {class: 'legend', role: 'group', 'aria-label': 'Series shown'}, ...entries);
  }

  swatch(trace) {
    const options = {axis: null, width: 20, height: 12, margin: 0, x: {domain: [0, 2]},
                     y: {domain: [0, 2]}};
    const rows = trace.marker ? [{x: 1, y: 1, error: 0}]
                              : [0, 2].map(x => ({x, y: 1, error: 0.6}));
    const line = {kind: 'line', ...trace, steps: false};       // a mark is a line across a panel
    return drawn({...options, marks: marksOf(line, rows, -Infinity)});
  }

  // Draws all again, as on another ground.
  paint() {
    for (const [button, trace] of this.swatches) button.firstChild.replaceWith(this.swatch(trace));
    for (const panel of this.panels) panel.draw();
  }

  toggle(series, button) {
    const hide = !this.hidden.delete(series);
    if (hide) this.hidden.add(series);
    button.setAttribute('aria-pressed', String(!hide));
    for (const panel of this.panels) {
      panel.chosen = -1;
      panel.draw();
    }
  }

  buttons(csv) {
    const button = (text, action) => {
      const made = make('button', {type: 'button'}, text);
      made.addEventListener('click', action);
      return made;
    };
    this.back = button('Reset zoom', () => this.panels.forEach(panel => panel.reset()));
    this.back.disabled = true;
    const still = button('As printed', () => {
      const on = this.element.classList.toggle('printed');
      still.setAttribute('aria-pressed', String(on));
    });
    still.setAttribute('aria-pressed', 'false');
    this.element.querySelector('.files').append(
      button('CSV', () => save(csv, `${this.element.id}.csv`)), this.back, still);
  }

  zoomed() {
    this.back.disabled = !this.panels.some(panel => panel.zoom);
  }

  resized() {
    const width = this.live.clientWidth;
    if (width === this.width) return;
    this.width = width;
    this.panels.forEach(panel => panel.draw());
  }
}

// Saves a text as a file.
function save(text, name) {
  const url = URL.createObjectURL(new Blob([text], {type: 'text/csv'}));
  make('a', {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

async function start() {
  for (const library of document.querySelectorAll('.library'))
    document.head.append(make('script', {}, await unpacked(library)));
  const {plots, frames} = await unpacked(document.getElementById('data'));
  for (const [name, {about, csv}] of Object.entries(plots))
    new Figure(document.getElementById(name), about, csv);
  await slide(frames);
  document.documentElement.dataset.ready = 'yes';
}

start();
