"""Fetch: a model from the hub into the cache. Loads the hub's client, so only when somebody asks.

Knows nothing of engines or prompts.
"""

from pathlib import Path

from huggingface_hub import hf_hub_download, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from chains.errors import WriterError


def fetch_model(what: str, cache: Path) -> str:
    """Bring ``ID`` (a repository) or ``ID:FILE`` (one GGUF file) from the hub, with the hub's own progress
    bars; gives the writer's name. Blocking. Raises WriterError with a sentence."""
    repository, _, file = what.partition(":")
    try:
        if file:
            return f"local:{hf_hub_download(repository, file, local_dir=cache / 'hub' / repository)}"
        kept = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")
        snapshot_download(repository, allow_patterns=list(kept))
        return f"hf:{repository}"
    except HFValidationError:
        raise WriterError(f"“{what}” is no model id: write OWNER/NAME, or OWNER/NAME:FILE.gguf.") from None
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WriterError(f"The hub did not give {what} ({reason}): check the name and the connection.") from error
