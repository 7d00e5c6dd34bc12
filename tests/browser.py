"""A headless Chromium, for tests that look at a page as a reader does."""

import shutil
import time

import pytest

SWITCHES = '--headless=new', '--no-sandbox', '--disable-gpu', '--window-size=1300,1000'


def start(downloads):
    """Return a driver of Chromium that saves into the folder `downloads`; skip where there is none.
    """
    webdriver = pytest.importorskip('selenium.webdriver', reason='selenium is not installed')
    driver, browser = shutil.which('chromedriver'), shutil.which('chromium')
    if not (driver and browser):
        pytest.skip('no Chromium: apt-get install chromium chromium-driver')
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for switch in SWITCHES:
        options.add_argument(switch)
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    chromium = webdriver.Chrome(options, webdriver.ChromeService(driver))
    chromium.execute_cdp_cmd('Browser.setDownloadBehavior',
                             {'behavior': 'allow', 'downloadPath': str(downloads)})
    return chromium


def until(condition, seconds=20):
    """Wait until `condition()` is true, and return what it gives."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, 'the page does not get there'
        time.sleep(0.02)
    return found
