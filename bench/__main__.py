"""The one entry: ``uv run python -m bench NAME``; each name's ``--help`` lists what it takes.

A bench is a module with ``main(argv) -> exit status``, loaded only when it is asked for.
"""

import argparse
import sys
from importlib import import_module

BENCHES = {
    "turn": "cost of a turn as a thread grows, beside LangChain and HuggingFacePipeline",
    "learn": "passages learned a second, beside the raw embedder and LangChain",
    "search": "latency of a search by size, beside qdrant-client's local mode, Chroma and LanceDB",
    "retrieval": "does the right passage come back? recall of gold evidence",
    "learn_weights": "learns what each signal of a search weighs, and writes vectorstore/weights.json",
    "learn_pieces": "learns what word pieces are projected to, and writes vectorstore/pieces.safetensors",
    "pronouns": "how much of a search survives when names are pronouns, through the talk before",
    "answers": "do questions about the example show come back right, with their citation?",
    "form": "are pages in their format's form? with and without the skeleton",
    "writing": "does canon reach the page, do takes differ, is anything copied? likelihoods, pages, receipts",
    "takes": "what three takes cost over one",
    "soak": "a crowd in a loopback Slack, a bad line, a program that is killed: nothing lost, doubled, misordered",
    "embed": "passages embedded a second, beside sentence-transformers on torch",
}


def main(argv: list[str]) -> int:
    listed = "\n".join(f"  {name:<14} {about}" for name, about in BENCHES.items())
    parser = argparse.ArgumentParser(
        prog="bench",
        description="Every figure this project claims, measured here and now.",
        epilog=f"benches:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=BENCHES, metavar="NAME")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="arguments of that bench")
    args = parser.parse_args(argv)
    status: int = import_module(f"bench.{args.name}").main(args.rest)
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
