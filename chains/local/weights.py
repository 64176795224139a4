"""Weights: a transformers model and its tokenizer, from a folder, the hub, or a bundled GGUF file.

Safetensors only, and never code that comes with a model. Knows nothing of writing.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

from chains.errors import WriterError
from chains.local import gguf
from chains.local.prepared import place, workshop
from chains.local.wire import Frame, Spec


def open_model(spec: Spec, send: Callable[[Frame], None]) -> tuple[Any, Any]:
    """Raises WriterError with a sentence where it cannot be had, or cannot chat."""
    name = str(_converted(spec, send)) if spec.model in gguf.BUNDLED else spec.model
    folder = Path(name).expanduser()
    at = {"local_files_only": True} if folder.is_dir() else {}
    source = str(folder) if folder.is_dir() else name
    device = spec.device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False, **at)
        if not getattr(tokenizer, "chat_template", None):
            raise WriterError(f"{spec.model} has no chat template: take the instruct (chat) version of this model.")
        model: Any = AutoModelForCausalLM.from_pretrained(
            source, dtype=_dtype(spec.dtype, device), use_safetensors=True, trust_remote_code=False, **at
        )
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise WriterError(f"The model {spec.model} cannot be opened ({reason}): check its id or folder.") from error
    return model.to(device).eval(), tokenizer


def _dtype(wanted: str, device: str) -> torch.dtype:
    """Bfloat16 where the machine computes in it; a CPU without AVX-512 only imitates it."""
    if wanted:
        found = getattr(torch, wanted, None)
        if not isinstance(found, torch.dtype):
            raise WriterError(f"There is no number type {wanted}: use bfloat16, float16 or float32.")
        return found
    able = device != "cpu" or torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    return torch.bfloat16 if able else torch.float32


def _converted(spec: Spec, send: Callable[[Frame], None]) -> Path:
    """The bundled GGUF as safetensors, made once. Reading GGUF needs the `accelerate` package."""
    path = gguf.bundled(spec.model)
    if path is None:
        raise WriterError(f"The bundled model {spec.model} is not installed: run `uv sync`.")
    folder = place(Path(spec.cache), path, f"transformers-{transformers.__version__}")
    if folder.is_dir():
        return folder
    steps = ((0.1, "reading the tokenizer"), (0.5, "reading the weights"), (0.9, "writing"))
    said = iter(steps)

    def tell() -> None:
        share, what = next(said)
        send({"on": "progress", "say": f"converting {spec.model}: {what}", "share": share})

    try:
        with workshop(folder) as bench:
            tell()
            at, file = str(path.parent), {"gguf_file": path.name}
            AutoTokenizer.from_pretrained(at, **file).save_pretrained(bench)
            tell()
            read: Any = AutoModelForCausalLM.from_pretrained(
                str(path.parent), gguf_file=path.name, dtype=torch.bfloat16
            )
            tell()
            # What was read remembers that it was quantized, and would not be saved as it is.
            read.config.quantization_config = None
            fresh: Any = AutoModelForCausalLM.from_config(read.config, dtype=torch.bfloat16)  # type: ignore[no-untyped-call]
            fresh.load_state_dict(read.state_dict())
            fresh.generation_config = read.generation_config
            fresh.save_pretrained(bench)
    except (ImportError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise WriterError(f"{spec.model} cannot be converted ({reason}): run `uv sync --group bench`.") from error
    send({"on": "progress", "say": f"converting {spec.model}", "share": 1.0})
    return folder
