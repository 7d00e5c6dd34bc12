"""`summary.py FOLDER NAME=CODE ...`: one line for several runs of pytest.

Each run has a name, an exit code, and, unless it died, a JUnit report FOLDER/NAME.xml.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree

TESTS_FAILED, NONE_COLLECTED = 1, 5


def counts(report):
    """Return (passed, failed, skipped) of a report; errors count as failed. No report, no tests."""
    if not report.exists():
        return 0, 0, 0
    suites = list(ElementTree.parse(report).iter('testsuite'))
    tests, errors, failures, skipped = (sum(int(s.get(key)) for s in suites)
                                        for key in ('tests', 'errors', 'failures', 'skipped'))
    return tests - errors - failures - skipped, errors + failures, skipped


def main(folder, *runs):
    """Print the sum over `runs`; return the status, 0 where something passed and nothing failed."""
    total = [0, 0, 0]
    for name, code in (run.split('=') for run in runs):
        count = list(counts(Path(folder, f'{name}.xml')))
        # A run that ends badly without a failed test died: that is a failure too.
        if int(code) not in (0, NONE_COLLECTED) and count[1] == 0:
            print(f'the run {name} ended with exit status {code} and no report of why')
            count[1] = 1
        total = [a + b for a, b in zip(total, count, strict=True)]
    print('\n{} passed, {} failed, {} skipped'.format(*total))
    return int(total[1] > 0 or total[0] == 0)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
