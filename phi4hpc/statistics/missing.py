"""What draws do not give: an exception whose text says why, in words that a log can print."""


class Missing(Exception):
    """An estimate cannot be made from these draws."""
