"""What a process has to do at its end is done, however it was started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import multiprocessing, signal, sys, time
from pathlib import Path
from broadsheet.core.process_end import at_process_end

def work():
    at_process_end(lambda: Path(sys.argv[2]).write_text("done"))

if __name__ == "__main__":
    if sys.argv[1] == "alone":
        work()
    else:
        child = multiprocessing.get_context(sys.argv[1]).Process(target=work)
        child.start()
        child.join()
"""


@pytest.mark.parametrize("start", ["alone", "fork", "spawn"])
def test_last_act_is_done(tmp_path: Path, start: str) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    subprocess.run([sys.executable, "script.py", start, "told"], cwd=tmp_path, check=True)
    assert (tmp_path / "told").read_text() == "done"
