"""What is wrong with a policy file that was typed into the page, and on which line."""

import pytest

from stillfixed.connectors.web.pages.policy_faults import fault_in

GOOD = """\
[[policy]]
name = "field"
teams = ["field"]

[policy.require]
verdicts = ["fixed"]
"""


def test_a_good_file_has_no_fault() -> None:
    """Also an empty one: the built-in policy is in force then."""
    assert fault_in(GOOD) is None
    assert fault_in("") is None


@pytest.mark.parametrize(
    ("text", "line", "stands"),
    [
        (GOOD + "mode = \n", 7, "mode = "),  # no TOML
        (GOOD + "[[policy", 7, "[[policy"),
        (GOOD.replace('"field"\nteams', '"field"\nmode = "loud"\nteams'), 3, 'mode = "loud"'),
        (GOOD + "four_eye = true\n", 7, "four_eye = true"),
        (GOOD.replace('["fixed"]', '["mended"]'), 6, 'verdicts = ["mended"]'),
        (GOOD + '\n[[policy]]\nmode = "warn"\n', 8, "[[policy]]"),  # without a name
        (GOOD + '\n[[policy]]\nname = "field"\n', 9, 'name = "field"'),  # twice
        ('polices = "x"\n' + GOOD, 1, 'polices = "x"'),
    ],
)
def test_a_fault_names_its_line(text: str, line: int, stands: str) -> None:
    """Of TOML that cannot be read, of a wrong value, of a name too many and of one that lacks."""
    fault = fault_in(text)
    assert fault is not None
    assert (fault.line, fault.text) == (line, stands)


def test_a_fault_says_that_nothing_was_changed_or_what_to_do() -> None:
    """The message is the policy's own."""
    fault = fault_in("[[policy]]\nname = 3\n")
    assert fault is not None
    assert "policy.0.name" in fault.message
    assert fault.line == 2
