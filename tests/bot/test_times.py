"""Times are told in the zone of whoever runs the program."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TELL = "from datetime import UTC, datetime; from bot.times import day, minute; w = datetime(2026, 3, 1, 20, 5, tzinfo=UTC); print(day(w), minute(w))"


@pytest.mark.skipif(sys.platform == "win32", reason="TZ is not heeded there")
@pytest.mark.parametrize(
    ("zone", "told"), [("UTC0", "2026-03-01 2026-03-01 20:05"), ("JST-9", "2026-03-02 2026-03-02 05:05")]
)
def test_a_time_is_told_as_it_is_where_the_program_runs(zone: str, told: str) -> None:
    env = {**os.environ, "TZ": zone, "PYTHONPATH": str(ROOT)}
    assert subprocess.check_output([sys.executable, "-c", TELL], env=env, text=True).strip() == told
