"""The page in a browser: plots tell values, zoom and hide series, files download, paper has all."""

import csv
import re
import subprocess
from base64 import b64decode
from dataclasses import replace
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pypdf
import pytest
import torch
from matplotlib import colormaps
from matplotlib.colors import to_rgb
from PIL import Image

import phi4hpc.opened
from phi4hpc.blockspin import modelfile
from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.blockspin.models import models, with_controls
from phi4hpc.report import figure
from phi4hpc.report.frames import COLOURS, frames, power, shown
from phi4hpc.report.page import render
from phi4hpc.stages import report
from tests.browser import start, until
from tests.made_up import KAPPAS, make, means

AXE = 'axe-core@4.14.1'
DRAWN = ('a_configurations', 'b_magnetisation', 'c_susceptibility', 'd_binder', 'gain', 'transfer',
         'g_decoder')


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('run')


@pytest.fixture(scope='module')
def study(folder):
    """Return a made-up study with weights of its models, which did not learn anything."""
    found = make(folder)
    torch.manual_seed(1)                 # of others a value may pass the colours of the slider
    for model in models(found.deck):
        network = Autoencoder(model.settings, model.latent, model.L)
        modelfile.save(folder / 'models' / f'{model.name}.pt', model, network)
    return found


@pytest.fixture(scope='module')
def browser(folder, study, tmp_path_factory):
    """Return a browser that shows the page of a made-up run, whose pictures are coarse."""
    chromium = start(folder)
    sheet = tmp_path_factory.mktemp('sheet') / 'coarse.mplstyle'
    sheet.write_text('figure.dpi: 40\ntext.parse_math: False\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figure, 'SHEET', sheet)
        patch.setattr(report, 'kinds', lambda own: [kind for kind in figure.kinds(own)
                                                    if kind.name in DRAWN])
        comm = SimpleNamespace(rank=0, size=1, gather=lambda value: [value])
        control = SimpleNamespace(each=lambda pieces, where: pieces)
        records = report.draw(SimpleNamespace(comm=comm, control=control), study)
    (folder / 'report.html').write_text(render(study, records, 1, 'host (g++)'))
    yield chromium
    chromium.quit()


@pytest.fixture
def page(browser, folder):
    """Return the browser with the page as it is when it is opened."""
    browser.get(f'file://{folder}/report.html')
    until(lambda: browser.execute_script('return document.documentElement.dataset.ready'))
    return browser


def one(page, selector):
    return page.find_element('css selector', selector)


def texts(page, selector):
    return [element.get_attribute('textContent')
            for element in page.find_elements('css selector', selector)]


def place(page, plot, x, y):
    """Return where (x, y) of a plot is seen, in pixels from the middle of the plot."""
    return page.execute_script('''
        const [plot, x, y] = arguments, svg = plot.querySelector('svg');
        plot.scrollIntoView({block: 'center'});
        const {width, height} = plot.getBoundingClientRect();
        return [svg.scale('x').apply(x) - width / 2, svg.scale('y').apply(y) - height / 2];
        ''', plot, x, y)


def point_at(page, plot, x, y):
    from selenium.webdriver import ActionChains

    right, down = place(page, plot, x, y)
    return ActionChains(page, duration=0).move_to_element_with_offset(plot, round(right),
                                                                      round(down))


def test_nothing_is_said_on_the_console_and_every_figure_is_drawn(page):
    assert [line for line in page.get_log('browser') if line['level'] != 'INFO'] == []
    plots = page.execute_script('''
        return [...document.querySelectorAll('.plot')].map(plot => plot.querySelector('svg'))''')
    assert len(plots) > 8
    assert None not in plots


def test_a_value_that_is_pointed_at_is_that_of_the_results(page):
    plot, expected = one(page, '#d_binder .plot'), means(8, KAPPAS[3])['binder']
    point_at(page, plot, KAPPAS[3], expected['value']).perform()
    said = until(lambda: [text for text in texts(page, '#d_binder .plot svg text') if '±' in text])
    value, error = map(float, re.search(r'= (\S+) ± (\S+)', said[0]).groups())
    rounding = 0.051 * expected['error']         # of two digits of the error
    assert value == pytest.approx(expected['value'], abs=rounding)
    assert error == pytest.approx(expected['error'], abs=rounding)
    assert f'κ = {KAPPAS[3]}' in said[0]


def test_keys_step_through_the_values(page):
    plot = one(page, '#b_magnetisation .plot')
    plot.send_keys('\ue014')                                         # the right arrow
    said = one(page, '#b_magnetisation [aria-live]').get_attribute('textContent')
    assert f'κ = {KAPPAS[0]}' in said
    assert '±' in said


def test_a_place_that_has_a_name_is_told_by_it(page):
    one(page, '#gain .plot').send_keys('\ue014')
    said = one(page, '#gain [aria-live]').get_attribute('textContent')
    assert 'd=3' in said
    assert 'x =' not in said


def test_a_click_in_the_legend_hides_a_series(page):
    points = '#b_magnetisation .plot svg g[stroke] > path'
    before = len(page.find_elements('css selector', points))
    entry = one(page, '#b_magnetisation .legend button')
    entry.click()
    assert entry.get_attribute('aria-pressed') == 'false'
    after = len(page.find_elements('css selector', points))
    assert 0 < after < before
    entry.click()
    assert len(page.find_elements('css selector', points)) == before


def test_a_box_zooms_and_a_button_shows_all_again(page):
    plot = one(page, '#b_magnetisation .plot')
    back = one(page, '#b_magnetisation .files button + button')
    limits = 'return arguments[0].querySelector("svg").scale("x").domain'
    before = page.execute_script(limits, plot)
    right, down = place(page, plot, 0.28, 0.2)
    here = place(page, plot, 0.255, 0.8)
    point_at(page, plot, 0.255, 0.8).click_and_hold().move_by_offset(
        round(right - here[0]), round(down - here[1])).release().perform()
    zoomed = page.execute_script(limits, plot)
    assert zoomed == pytest.approx([0.255, 0.28], abs=1e-3)
    assert back.is_enabled()
    back.click()
    assert page.execute_script(limits, plot) == before


def pictures(page):
    return {canvas.get_attribute('class'): page.execute_script(
        'return arguments[0].toDataURL()', canvas)
        for canvas in page.find_elements('css selector', '#slider canvas')}


def test_the_slider_shows_another_rung_and_another_model(page):
    rung, before = one(page, '#slider input'), pictures(page)
    assert len(set(before.values())) == 5
    assert one(page, '#slider output').text == f'κ = {KAPPAS[2]}'
    rung.send_keys('\ue014')                                         # the right arrow
    after = pictures(page)
    assert one(page, '#slider output').text == f'κ = {KAPPAS[3]}'
    assert all(after[name] != before[name] for name in before)
    one(page, '#slider select').send_keys('dense')
    other = until(lambda: (found := pictures(page)) != after and found)
    kept = [name for name in after if other[name] == after[name]]
    assert kept == ['configuration', 'modes']
    canvas = one(page, '#slider canvas.lost')
    assert canvas.get_attribute('aria-label') == f'lost, φ − A(φ) at κ = {KAPPAS[3]}, dense, d=3'


def test_images_of_the_slider_are_configurations_and_what_models_make_of_them(study):
    found = frames(study)
    sheet = np.asarray(Image.open(BytesIO(b64decode(found['fields']))).convert('RGB'))
    palette = colormaps['RdBu_r'](np.linspace(0, 1, COLOURS), bytes=True)[:, :3]
    number = {tuple(colour): number for number, colour in enumerate(palette.tolist())}
    images = np.array([number[tuple(colour)] for colour in sheet.reshape(-1, 3).tolist()])
    images = images.reshape(5, 8, len(KAPPAS), 8).swapaxes(1, 2)
    fields_rkyx = (2 * images / (COLOURS - 1) - 1) * float(found['limit'])
    phi_kyx, after_kyx, lost_kyx = fields_rkyx[0], fields_rkyx[3], fields_rkyx[4]
    with study.ensembles() as ensembles:
        original_yx = ensembles[8].phi[1, 0, -1]
    inside = abs(original_yx) < 0.9 * float(found['limit'])
    assert abs(phi_kyx[1] - original_yx)[inside].max() < 0.05
    made_yx = phi4hpc.opened.Models(study.path / 'models', with_controls(study.deck))[
        'L008_k0.269_dense_d3'](original_yx).numpy()
    assert abs(after_kyx[1] - made_yx).max() < 0.05
    assert abs(lost_kyx[1] - (original_yx - made_yx))[inside].max() < 0.1


def test_modes_of_the_slider_have_the_mean_square_of_the_field():
    phi_kyx = np.random.default_rng(1).normal(size=(2, 8, 8))
    mean = (10 ** power(phi_kyx)).sum((1, 2)) / 8**2
    assert mean == pytest.approx((phi_kyx**2).sum((1, 2)) / 8**2)
    assert power(np.ones((1, 8, 8)))[0].argmax() == 4 * 8 + 4


def test_large_lattices_show_fewer_rungs_and_always_those_of_training(study):
    [of_kappa] = study.models.values()
    kappas = np.linspace(0.24, 0.3, 61)
    assert shown(kappas, of_kappa) == [*range(61)]
    large = [replace(model, L=256, kappa=kappas[7]) for model in of_kappa]
    assert shown(kappas, large) == [0, 7, 30, 60]


def test_csv_and_pdf_come_with_a_click(page, study, folder):
    for entry in page.find_elements('css selector', '#d_binder .files > :nth-child(-n+2)'):
        page.execute_script('arguments[0].click()', entry)
    table = until(lambda: next(folder.glob('d_binder*.csv'), None))
    rows = [row for row in csv.DictReader(until(table.read_text).splitlines())
            if (row['panel'], row['series'], row['kind']) == ('A', 'L=8', 'points')]
    assert [float(row['y']) for row in rows] == pytest.approx(
        [entry['binder']['value'] for entry in study.entries(8)], rel=1e-9)
    file = until(lambda: next(folder.glob('d_binder*.pdf'), None))
    until(lambda: file.read_bytes() == (folder / 'figures' / 'd_binder.pdf').read_bytes())


def test_paper_has_every_figure_once_and_nothing_that_takes_a_screen(page):
    content = b64decode(page.print_page())
    figures = page.find_elements('css selector', 'figure')
    assert len(re.findall(rb'/Subtype /Image', content)) >= len(figures)
    sheets = [sheet.extract_text() for sheet in pypdf.PdfReader(BytesIO(content)).pages]
    assert all(map(str.strip, sheets))
    text = ''.join(''.join(sheets).split())
    titles = texts(page, 'figcaption b:first-child')
    assert len(titles) == len(figures)
    assert [title for title in titles if text.count(''.join(title.split())) != 1] == []
    for words in ('Contents', 'Point at a value', 'Reset zoom', 'As printed'):
        assert ''.join(words.split()) not in text


def test_without_scripts_every_picture_is_seen(page):
    page.execute_cdp_cmd('Emulation.setScriptExecutionDisabled', {'value': True})
    page.refresh()
    page.execute_cdp_cmd('Emulation.setScriptExecutionDisabled', {'value': False})
    pictures = page.find_elements('css selector', '.still img')
    assert pictures
    assert all(picture.is_displayed() for picture in pictures)


@pytest.fixture(scope='module')
def axe(tmp_path_factory):
    """Return the checker of accessibility, from npm."""
    folder = tmp_path_factory.mktemp('axe')
    try:
        subprocess.run(['npm', 'pack', AXE], cwd=folder, check=True, capture_output=True,
                       timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f'npm does not give {AXE}: {error}')
    archive = next(folder.glob('*.tgz'))
    subprocess.run(['tar', 'xzf', archive], cwd=folder, check=True)
    return (folder / 'package' / 'axe.min.js').read_text()


def turn(page, scheme):
    """Make a page that is open already light or dark."""
    page.execute_cdp_cmd('Emulation.setEmulatedMedia', {
        'features': [{'name': 'prefers-color-scheme', 'value': scheme}]})
    page.execute_async_script(
        'requestAnimationFrame(() => requestAnimationFrame(arguments[0]))')


def luminance(colour):
    parts = np.array(to_rgb(colour))
    linear = np.where(parts < 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize(('scheme', 'ground'), [('light', '#ffffff'), ('dark', '#17181b')])
def test_every_colour_of_a_plot_is_seen_on_its_ground(page, scheme, ground):
    turn(page, scheme)
    seen = page.execute_script('''
        const drawn = document.querySelectorAll(
            '.live svg > g:not(.brush) [stroke^="#"], .live svg > g[stroke^="#"]');
        return [...new Set([...drawn].map(element => element.getAttribute('stroke')))]''')
    assert len(seen) >= 3
    levels = [sorted([luminance(colour) + 0.05, luminance(ground) + 0.05]) for colour in seen]
    assert min(high / low for low, high in levels) > 2.9


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_axe_finds_nothing_serious(page, axe, scheme):
    turn(page, scheme)
    page.execute_script(axe)
    found = page.execute_async_script('axe.run().then(arguments[0])')['violations']
    assert [(fault['id'], fault['nodes'][0]['html']) for fault in found
            if fault['impact'] in ('serious', 'critical')] == []
