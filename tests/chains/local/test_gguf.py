from pathlib import Path

import pytest

from chains.errors import WriterError
from chains.local import gguf


def test_the_bundled_model_is_found_and_says_what_it_is() -> None:
    path = gguf.bundled("smollm2-135m-instruct")
    assert path is not None
    head = gguf.head(path)
    assert (head.architecture, head.context, head.template) == ("llama", 8192, True)
    assert 130_000_000 < head.parameters < 140_000_000
    assert {"<|im_start|>", "<|im_end|>", "<|endoftext|>"} <= set(gguf.special(path))


@pytest.mark.parametrize("size", [0, 3, 4, 20, 400, 100_000])
def test_a_broken_file_is_named_in_a_sentence(tmp_path: Path, size: int) -> None:
    whole = gguf.bundled("smollm2-135m-instruct")
    assert whole is not None
    broken = tmp_path / "broken.gguf"
    with whole.open("rb") as stream:
        broken.write_bytes(stream.read(size))
    with pytest.raises(WriterError, match="not a whole GGUF file"):
        gguf.head(broken)


def test_a_file_that_is_something_else_is_named_in_a_sentence(tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGUF" + bytes(range(256)) * 40)
    with pytest.raises(WriterError, match="not a whole GGUF file"):
        gguf.head(other)
