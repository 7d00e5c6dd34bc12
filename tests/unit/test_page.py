"""The page in a browser: plots tell values, zoom and hide series, files download, paper has all."""

import csv
import re
import subprocess
from base64 import b64decode
from types import SimpleNamespace

import pytest

from phi4hpc.report import figure
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
    return make(folder)


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
    assert len(plots) == 8
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


def test_csv_and_pdf_come_with_a_click(page, study, folder):
    for entry in page.find_elements('css selector', '#d_binder .files > :nth-child(-n+2)'):
        page.execute_script('arguments[0].click()', entry)
    table = until(lambda: next(folder.glob('d_binder*.csv'), None))
    rows = [row for row in csv.DictReader(until(table.read_text).splitlines())
            if (row['panel'], row['series'], row['kind']) == ('1', 'L=8', 'points')]
    assert [float(row['y']) for row in rows] == [
        entry['binder']['value'] for entry in study.entries(8)]
    file = until(lambda: next(folder.glob('d_binder*.pdf'), None))
    until(lambda: file.read_bytes() == (folder / 'figures' / 'd_binder.pdf').read_bytes())


def test_paper_has_every_figure(page):
    pdf = b64decode(page.print_page())
    figures = page.find_elements('css selector', 'figure')
    assert len(re.findall(rb'/Subtype /Image', pdf)) >= len(figures)


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


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_axe_finds_nothing_serious(page, axe, scheme):
    page.execute_cdp_cmd('Emulation.setEmulatedMedia', {
        'features': [{'name': 'prefers-color-scheme', 'value': scheme}]})
    page.execute_script(axe)
    found = page.execute_async_script('axe.run().then(arguments[0])')['violations']
    assert [(fault['id'], fault['nodes'][0]['html']) for fault in found
            if fault['impact'] in ('serious', 'critical')] == []
