// The slider over kappa: a configuration, its reconstruction by the model chosen, what was lost,
// and how much of each momentum both hold. Images are parts of two sheets: a column for each rung,
// rows for the configurations and for what each model makes of them.

'use strict';

class Slider {
  constructor(element, about) {
    Object.assign(this, {element, about, hidden: new Set()});
    this.rung = element.querySelector('input');
    this.model = element.querySelector('select');
    this.said = element.querySelector('output');
    this.sheets = Object.fromEntries(['fields', 'powers'].map(
      name => [name, element.querySelector(`img.${name}`)]));
    this.panel = new Panel(this, {
      title: '', height: 190, marks: [], traces: [],
      x: {label: '', name: 'p̂', type: 'linear', domain: [-0.05, 2.05]},
      y: {label: '', name: 'G', type: 'log', domain: this.range()},
    }, []);
    element.querySelector('.means').append(this.panel.element);
    element.addEventListener('input', () => this.show());
    element.hidden = false;
    new ResizeObserver(() => this.show()).observe(this.panel.plot);
  }

  zoomed() {}

  // Limits for the propagators of configurations; those of reconstructions fall to zero.
  range() {
    const values = this.about.propagators.flat().flatMap(([before]) => before?.[1] ?? []);
    const [low, high] = d3.extent(values.filter(value => value > 0));
    return [0.1 * (low ?? 1), 1.5 * (high ?? 10)];
  }

  show() {
    const rung = Number(this.rung.value), model = Number(this.model.value);
    const {kappas, models} = this.about, at = `κ = ${kappas[rung]}`;
    this.said.textContent = at;
    this.rung.setAttribute('aria-valuetext', at);
    const rows = {configuration: ['fields', 0], reconstruction: ['fields', 1 + 2 * model],
                  lost: ['fields', 2 + 2 * model], modes: ['powers', 0],
                  'modes-kept': ['powers', 1 + model]};
    for (const [name, [sheet, row]] of Object.entries(rows)) {
      const canvas = this.element.querySelector(`canvas.${name}`), {L} = this.about;
      canvas.setAttribute('aria-label', `${canvas.dataset.name} at ${at}, ${models[model]}`);
      const pen = canvas.getContext('2d');
      pen.drawImage(this.sheets[sheet], rung * L, row * L, L, L, 0, 0, L, L);
    }
    this.means(this.about.propagators[model][rung]);
  }

  // Draws the mean propagators of the rung, before and after the model.
  means(both) {
    const looks = [['configurations', 'o', '#000000'], ['reconstructions', 's', '#0072b2']];
    this.panel.traces = both.map(([p_hat, value, error], number) => {
      const [series, marker, colour] = looks[number];
      const rows = p_hat.map((x, i) => ({series, x, y: value[i], error: error[i],
                                         x_name: 'p̂', y_name: 'G'}));
      return {series, marker, colour, kind: 'points', filled: number === 0, rows};
    });
    this.panel.chosen = -1;
    this.panel.draw();
  }
}

async function slide(about) {
  const element = document.getElementById('slider');
  if (!about || !element) return;
  const slider = new Slider(element, about);
  await Promise.all(Object.values(slider.sheets).map(image => image.decode()));
  slider.show();
}
