from chains.local.prefixes import Prefixes


def test_only_whole_blocks_read_before_count_and_never_the_last_token() -> None:
    prefixes = Prefixes(block=4, bound=100)
    prefixes.remember(list(range(10)))
    assert prefixes.reused(list(range(10))) == 8
    assert prefixes.reused(list(range(8))) == 4
    assert prefixes.reused([0, 1, 2, 3, 4, 5, 9, 9, 9, 9]) == 4
    assert prefixes.reused([9, *range(10)]) == 0


def test_the_oldest_blocks_are_forgotten_first() -> None:
    prefixes = Prefixes(block=2, bound=3)
    prefixes.remember([1, 2, 3, 4])
    prefixes.remember([5, 6, 7, 8])
    assert prefixes.reused([5, 6, 7, 8, 9]) == 4
    assert prefixes.reused([1, 2, 3, 4, 9]) == 0
