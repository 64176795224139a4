import pytest

from vectorstore.statement import as_told


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("What did Ida paint in May?", "Ida paint in May."),
        ("How many eggs are left?", "Eggs are left."),
        ("Which kinds of boats does Benno mend?", "Boats does Benno mend."),
        ("- who keeps the Winch Key", "Keeps the Winch Key."),
        ("When was the lamp lit?!", "The lamp lit."),
        ("Whatever Ida paints is blue.", ""),
        ("The boat is red.", ""),
        ("Why?", ""),
        ("", ""),
        ("谁拿着钥匙？", ""),
    ],
)
def test_a_question_is_told_without_what_asks(question: str, told: str) -> None:
    assert as_told(question) == told
