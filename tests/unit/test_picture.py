"""The picture in the README is of the quickstart's deck as it is."""

import numpy as np
from PIL import Image

from tests.picture import KEY, PICTURE, beside, of_deck


def test_the_picture_in_the_readme_is_of_the_deck():
    with Image.open(PICTURE) as image:
        assert image.text[KEY] == of_deck(), 'make it anew: python tests/picture.py'


def test_a_picture_shows_its_three_figures():
    figures = [Image.new('RGB', (144, 60), (grey,) * 3) for grey in (40, 80, 120)]
    made = np.asarray(beside(figures[:2], figures[2]))[..., 0]
    assert [made[5, 5], made[-5, 5], made[5, -5], made[-5, -5]] == [40, 80, 120, 120]
