"""One real engine for the whole session, and a tiny model of our own for the other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from chains.models import WriterSettings, open_writer
from chains.writer import Writer

TEMPLATE = (
    "{% for message in messages %}<{{ message['role'] }}>{{ message['content'] }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def smol(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Writer]:
    """The bundled model, as a person gets it."""
    writer = open_writer("local:smollm2-135m-instruct", WriterSettings(cache=tmp_path_factory.mktemp("cache")))
    await writer.ready()
    yield writer
    await writer.close()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama with random weights and a byte-level tokenizer, saved as a hub model would be."""
    import torch  # noqa: PLC0415 - heavy, and only these tests need it
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("tiny")
    alphabet = [chr(code) for code in range(33, 127)] + ["Ġ", "Ċ"]  # ASCII, as byte-level tokenizers spell it
    vocabulary = {token: n for n, token in enumerate(["</s>", *alphabet])}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="</s>", pad_token="</s>")
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    torch.manual_seed(11)
    config = LlamaConfig(
        vocab_size=len(vocabulary), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256, eos_token_id=0, bos_token_id=None, pad_token_id=0,
        initializer_range=0.6,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder
