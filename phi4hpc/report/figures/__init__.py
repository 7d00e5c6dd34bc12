"""The figures of the report: one file each, found by its name; report/figure.py is their
contract."""
