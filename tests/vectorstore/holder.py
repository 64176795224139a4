"""A program of its own that opens the index in argv[1] and does what argv[2] says, then waits to be killed."""

import asyncio
import sys
from pathlib import Path

from vectorstore import Origin, Passage
from vectorstore.embedding import Embedder
from vectorstore.index import Index


def passage(number: int) -> Passage:
    return Passage(
        tenant="t",
        show="s",
        origin=Origin.SOURCE,
        kind="text",
        record=f"doc{number}",
        order=0,
        text=f"Line {number} about the lamp.",
        title="lines",
        status="learned",
    )


async def main(folder: Path, doing: str) -> None:
    embedder = Embedder()
    index = await Index.open(folder, embedder, "holder")
    if doing == "write":
        number = 0
        while True:
            await index.put(passage(number + more) for more in range(8))
            number += 8
            print(number, flush=True)  # noqa: T201 - acknowledged: the test counts on it
    await embedder.start()
    print(index._store.pid, embedder.pid, flush=True)  # type: ignore[attr-defined]  # noqa: T201
    await asyncio.sleep(600)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
