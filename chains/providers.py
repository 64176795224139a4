"""Providers: models behind an API, through LangChain's `init_chat_model`.

Each provider is an extra. What it is given of the sampling is what it takes, and what goes wrong
becomes a sentence. Knows nothing of prompts or of our own models.
"""

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

import httpx
from langchain.chat_models import init_chat_model

from chains.errors import WriterError
from chains.format import Sampling
from chains.writer import Backend, Card

_EXTRAS = {"openai": "langchain_openai", "anthropic": "langchain_anthropic", "ollama": "langchain_ollama"}
_ERRORS = {"openai": "OpenAIError", "anthropic": "AnthropicError", "ollama": "ResponseError"}
_RETRIES = 2


def backend(card: Card, base_url: str, api_key: str, timeout: float) -> Backend:
    """Raises WriterError where the name is no provider's or its package is missing."""
    provider, _, model = card.name.partition(":")
    if not model:
        raise WriterError(f"There is no writer {card.name!r}: use local:, hf:, echo or provider:model.")
    package = _EXTRAS.get(provider)
    if package is not None and importlib.util.find_spec(package) is None:
        raise WriterError(f"{provider} needs an extra that is not installed: run `uv sync --extra {provider}`.")
    given: dict[str, Any] = {"timeout": timeout, "max_retries": _RETRIES}
    if provider == "ollama":
        given = {"client_kwargs": {"timeout": timeout}}
    if base_url:
        given["base_url"] = base_url
    if api_key:
        given["api_key"] = api_key
    elif base_url and provider == "openai":
        given["api_key"] = "none"  # servers of one's own ask for none, but the client does
    if provider == "openai":
        given["stream_usage"] = True
    mishaps = _mishaps(provider)
    try:
        chat = init_chat_model(model, model_provider=provider, **given)
    except ImportError as error:
        raise WriterError(f"{provider} needs a package that is not installed ({error.name}): install it.") from error
    except ValueError as error:  # an unknown provider, or pydantic's: a setting it does not accept
        raise WriterError(f"{card.name} cannot be opened: {_line(error)}") from error
    except mishaps as error:  # the SDK's own: as a rule it misses the key
        raise WriterError(f"{card.name} cannot be opened: {_line(error)} Set the API key.") from error
    arguments = _ARGUMENTS.get(provider, _plain)
    explain = _explainer(card.name, base_url)
    return Backend(chat, card, arguments, mishaps, explain, tells_end=provider in _EXTRAS)


def _plain(sampling: Sampling, tokens: int, tenant: str) -> dict[str, Any]:
    return {"temperature": sampling.temperature, "max_tokens": tokens}


def _openai(sampling: Sampling, tokens: int, tenant: str) -> dict[str, Any]:
    seed = {} if sampling.seed is None else {"seed": sampling.seed}
    return {"temperature": sampling.temperature, "top_p": sampling.top_p, "max_tokens": tokens, **seed}


def _ollama(sampling: Sampling, tokens: int, tenant: str) -> dict[str, Any]:
    options = {"temperature": sampling.temperature, "top_p": sampling.top_p, "num_predict": tokens}
    if sampling.seed is not None:
        options["seed"] = sampling.seed
    return {"options": options}


def _anthropic(sampling: Sampling, tokens: int, tenant: str) -> dict[str, Any]:
    """Its newer models refuse temperature and top_p together."""
    return {"temperature": min(sampling.temperature, 1.0), "max_tokens": tokens}


_ARGUMENTS: dict[str, Callable[[Sampling, int, str], dict[str, Any]]] = {
    "openai": _openai,
    "ollama": _ollama,
    "anthropic": _anthropic,
}


def _mishaps(provider: str) -> tuple[type[Exception], ...]:
    """The errors that are the service's: the SDK's own family, and what the network adds."""
    kinds: list[type[Exception]] = [httpx.HTTPError, ConnectionError, TimeoutError, ValueError]
    if provider in _ERRORS:
        kinds.append(getattr(importlib.import_module(provider), _ERRORS[provider]))
    return tuple(kinds)


def _explainer(name: str, base_url: str) -> Callable[[Exception], str]:
    where = f" at {base_url}" if base_url else ""

    def explain(error: Exception) -> str:
        status = getattr(error, "status_code", None)
        kind = type(error).__name__
        if status in (401, 403):
            return f"{name}{where} refused the API key: check the key in the settings."
        if status == 404:
            return f"{name}{where} is not known there: check the model's name and the address."
        if status == 429:
            return f"{name}{where} takes no more requests just now: wait a little, then ask again."
        if status is not None and status >= 500:
            return f"{name}{where} has trouble of its own (status {status}): ask again in a while."
        if status is not None:
            return f"{name}{where} refused this request ({_line(error)}): ask with less, or use another writer."
        if "Timeout" in kind:
            return f"{name}{where} did not answer in time: ask again, or use another writer."
        if "Connect" in kind or isinstance(error, httpx.HTTPError):
            return f"{name}{where} cannot be reached: check that it runs and that the address is right."
        return f"{name}{where} gave an unreadable answer ({_line(error)}): ask again."

    return explain


def _line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
