"""A zip container read with suspicion: counted, weighed and name-checked before anything is opened.

Nothing is ever extracted to disk; an archive within the archive is not opened.
Knows nothing of what the container holds.
"""

import zipfile
import zlib
from io import BytesIO
from pathlib import PurePosixPath

from vectorstore.errors import Refused
from vectorstore.ingest.document import Limits

_ENCRYPTED = 0x1
# Deflate cannot honestly pack a small file better than this; below it the ratio says nothing.
_RATIO_FROM = 1024 * 1024


class Archive:
    """The files of a zip by name. Raises Refused when the container is broken, climbing, locked or a bomb."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
            raise Refused("its container is broken or cut short; save or download it again") from error
        self._left = limits.unpacked
        self._weigh(self._zip.infolist(), len(data), limits)
        self.names = tuple(info.filename for info in self._zip.infolist() if not info.is_dir())

    def _weigh(self, infos: list[zipfile.ZipInfo], packed: int, limits: Limits) -> None:
        if len(infos) > limits.entries:
            raise Refused(f"it packs {len(infos):,} files, more than the {limits.entries:,} allowed")
        total = sum(info.file_size for info in infos)
        if total > limits.unpacked:
            raise Refused(f"it would unpack to {total >> 20:,} MB, more than the {limits.unpacked >> 20:,} MB allowed")
        if total > _RATIO_FROM and total > limits.ratio * packed:
            raise Refused(f"it unpacks to more than {limits.ratio} times its size, as zip bombs do")
        for info in infos:
            if climbs(info.filename):
                raise Refused(f"a name inside it climbs out of the container ({info.filename[:60]!r})")
            if info.flag_bits & _ENCRYPTED:
                raise Refused("it is encrypted; save it without a password")

    def __contains__(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    def read(self, name: str) -> bytes:
        """One file's bytes. What the directory promised is not believed: reading stops at the limit."""
        try:
            with self._zip.open(name) as file:
                data = file.read(self._left + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            KeyError,
            NotImplementedError,
            OSError,
            RuntimeError,
        ) as error:
            raise Refused(f"{name[:60]!r} inside it is broken; save or download it again") from error
        self._left -= len(data)
        if self._left < 0:
            raise Refused("it unpacks to more than it says, as zip bombs do")
        return data


def climbs(name: str) -> bool:
    """Whether an archive's file name is absolute or leaves the archive."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or (len(name) > 1 and name[1] == ":")
