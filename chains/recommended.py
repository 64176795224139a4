"""Recommended: which models are worth writing with, and how to get one.

Figures are for four-bit weights unless the row says otherwise. Knows nothing of engines or prompts.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recommendation:
    """``writer`` is what ``--writer`` takes, ``fetch`` what ``models --fetch`` takes; ``memory`` in GB."""

    writer: str
    fetch: str
    memory: float
    about: str


BUNDLED = Recommendation(
    "local:smollm2-135m-instruct", "", 0.4, "Comes along. Quotes canon well and fills forms; do not ask it for prose."
)
LOCAL = (
    Recommendation(
        "local:qwen2.5-1.5b-instruct-q4_k_m.gguf",
        "Qwen/Qwen2.5-1.5B-Instruct-GGUF:qwen2.5-1.5b-instruct-q4_k_m.gguf",
        1.6,
        "The smallest that follows a contract. A laptop without a GPU.",
    ),
    Recommendation(
        "local:Qwen2.5-7B-Instruct-Q4_K_M.gguf",
        "bartowski/Qwen2.5-7B-Instruct-GGUF:Qwen2.5-7B-Instruct-Q4_K_M.gguf",
        5.5,
        "Good drafts in many languages. A desktop with 16 GB.",
    ),
    Recommendation(
        "hf:HuggingFaceTB/SmolLM2-1.7B-Instruct",
        "HuggingFaceTB/SmolLM2-1.7B-Instruct",
        3.6,
        "English, 16-bit. CPU or GPU.",
    ),
    Recommendation("hf:Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-7B-Instruct", 16.0, "16-bit. A GPU with 24 GB."),
)
SERVED = (
    ("openai:MODEL", "`uv sync --extra openai`; with DRAMATURG_WRITER_BASE_URL also vLLM, Ollama, llama.cpp"),
    ("anthropic:MODEL", "`uv sync --extra anthropic`"),
    ("ollama:MODEL", "`uv sync --extra ollama`"),
)


def about_models(current: str) -> str:
    """What there is to write with, as Markdown; ``current`` is the writer in use."""
    rows = [
        f"Writing with **{current}**.",
        "",
        "**Bundled**",
        "",
        _row(BUNDLED),
        "",
        "**For real work, on your machine**",
        "",
    ]
    rows += [_row(one) for one in LOCAL]
    rows += ["", "**Served**", ""]
    rows += [f"- `{writer}`: {how}" for writer, how in SERVED]
    rows += ["", "`dramaturg models --fetch ID` brings one from the hub; `--writer W` or DRAMATURG_WRITER uses it."]
    return "\n".join(rows)


def _row(one: Recommendation) -> str:
    fetch = f" Fetch: `{one.fetch}`." if one.fetch else ""
    return f"- `{one.writer}` ({one.memory:g} GB): {one.about}{fetch}"
