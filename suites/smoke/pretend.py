"""Behaves like a suite that something is wrong with: `python pretend.py BEHAVIOUR JUNIT_FILE`."""

import os
import signal
import sys
import time
from pathlib import Path

GREEN = '<testsuite><testcase name="pretended" time="0.01"/></testsuite>'
RED = '<testsuite><testcase name="pretended" time="0.01"><failure message="no"/></testcase></testsuite>'
DECLARED = f'<!DOCTYPE testsuite [<!ENTITY a "b">]>{GREEN}'
YESTERDAY_S = 86_400


def main(behaviour: str, junit: Path) -> int:
    """Write the report and end as `behaviour` says."""
    junit.write_text({"lying": RED, "entities": DECLARED}.get(behaviour, GREEN), encoding="utf-8")
    if behaviour == "yesterday":
        before = time.time() - YESTERDAY_S
        os.utime(junit, (before, before))
    if behaviour == "crashed":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "hung":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(60)
    return 1 if behaviour == "exit-code" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
