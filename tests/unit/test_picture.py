"""The picture in the README is of the quickstart's deck as it is."""

import numpy as np
from PIL import Image

from tests.picture import KEY, LEFT, PICTURE, RIGHT, of_deck, picture


def test_the_picture_in_the_readme_is_of_the_deck():
    with Image.open(PICTURE) as image:
        assert image.text[KEY] == of_deck(), 'make it anew: python tests/picture.py'


def test_a_picture_shows_its_three_figures(tmp_path):
    for name, grey in (*zip(LEFT, (40, 80), strict=True), (f'{RIGHT}_k0.269', 120)):
        Image.new('L', (144, 60), grey).save(tmp_path / f'{name}.png')
    made = np.asarray(picture(tmp_path))[..., 0]
    assert [made[5, 5], made[-5, 5], made[5, -5], made[-5, -5]] == [40, 80, 120, 120]
