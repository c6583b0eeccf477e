"""`segue demo --serve`: the demo's business at the present time, until Ctrl-C."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

from segue.bootstrap.engine import Engine
from segue.bootstrap.environment import now
from segue.domain.instant import DAY

MAIN = "import sys; from segue.cli import main; sys.exit(main())"


def test_the_demo_goes_on_living_until_it_is_told_to_end(tmp_path: Path) -> None:
    """It prints address, keys and transitions as they happen; what happened is kept."""
    command = [sys.executable, "-c", MAIN, "demo", "--serve", "--port", "0", "--speed", "10000"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, **pipes) as process:
        patience = threading.Timer(300, process.kill)
        patience.start()
        shown = []
        for line in process.stdout:
            shown.append(line)
            if " entered " in line and any("as fast as life" in one for one in shown):
                break
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate()
        patience.cancel()

    text = "".join(shown) + rest
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert "serves at http://127.0.0.1:" in text
    assert "write key" in text
    assert "because" in shown[-1]
    with Engine.open(tmp_path / "demo" / "live") as engine:
        assert now() - DAY < engine.extent().last_at <= now()
    with Engine.open(tmp_path / "demo") as engine:
        assert engine.extent().events == 120_623
