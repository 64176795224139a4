"""Files: what the bot hands over, saved where the person works, never over a file of theirs."""

from pathlib import Path

from bot.events import File
from bot.render.safe import line


def save(file: File, folder: Path) -> Path:
    """Writes ``file`` into ``folder`` under its own name, or with a number where that is taken.
    OSError as the disk says."""
    name = line(file.name).replace("\\", "/").rsplit("/", 1)[-1].replace("\0", "").lstrip(".") or "untitled"
    data = file.data if file.data or not file.path else Path(file.path).read_bytes()
    stem, suffix = Path(name).stem, Path(name).suffix
    for number in range(1, 10_000):
        path = folder / (name if number == 1 else f"{stem} ({number}){suffix}")
        try:
            with path.open("xb") as target:
                target.write(data)
        except FileExistsError:
            continue
        return path
    raise FileExistsError(f"There are thousands of files named {name} in {folder}; move some away and export again.")
