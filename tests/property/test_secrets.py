"""Masking takes anything, at any cut, and says the same twice."""

import itertools

from hypothesis import example, given
from hypothesis import strategies as st

from stillfixed.actors.secrets import Masks, StreamMasker, mask_command, mask_text
from stillfixed.actors.secrets.stream import LINE_BYTES
from stillfixed.actors.verdicts import effect_of

# Pieces that make secrets when they meet, in the wrong order as well.
PIECES = [
    "password", "passw", "ord", ": ", "=", " = ", '"', "'", "Hunter22", "hunter", "\n", "\r\n",
    "\r", " ", "  ", "://", "bob:", "pw1x@", "host/", "ghp_", "a" * 20, "0123456789abcdef",
    "eyJ", ".eyJ",
    "AKIA", "IOSFODNN7EXAMPLE", "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----",
    "MIIEowIBAAKCAQEA", "Authorization: ", "Bearer ", "$6$", "secret", "token", "api_key", ";", "|",
    "snmp-server community ", "key-string 7 ", "username x secret 9 ", "enable ", "...", "<", ">",
    "‹password#1›", "‹", "›", "#", "\0", "\u202e", "Zebra!99", "Private-Lines: 2", "Cookie: a=b",
    "$(",
    "mysql -p", "net user bob ", "curl -u ", "echo ", "| sudo -S ", "x" * 900, "{", "}", ",", "$X",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
TYPED = "Zebra!99"


def masks() -> Masks:
    made = Masks()
    made.typed(TYPED.encode())
    return made


def streamed(data: bytes, cuts: list[int]) -> bytes:
    masker = StreamMasker(masks())
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    out = [masker.feed(data[a:b]) for a, b in itertools.pairwise(places)]
    return b"".join([*out, masker.finish()])


@given(texts, st.lists(st.integers(0, 10_000), max_size=12))
def test_how_output_is_cut_makes_no_difference(text: str, cuts: list[int]) -> None:
    """A secret that comes in two pieces is masked as one."""
    data = text.encode()
    assert streamed(data, cuts) == streamed(data, [])


@given(texts)
def test_byte_by_byte_is_the_same_as_at_once(text: str) -> None:
    """The hardest cut."""
    data = text.encode()
    assert streamed(data, list(range(len(data)))) == streamed(data, [])


@given(
    st.integers(LINE_BYTES - 600, LINE_BYTES + 600),
    texts,
    st.lists(st.integers(0, 40_000), max_size=6),
)
def test_long_lines_are_no_different(size: int, text: str, cuts: list[int]) -> None:
    """A line of any length is masked in bounded memory, the same at any cut."""
    data = ("y " * (size // 2) + text.replace("\n", " ") + " z" * size).encode()
    assert streamed(data, cuts) == streamed(data, [])


@given(st.integers(0, 3 * LINE_BYTES), st.lists(st.integers(0, 60_000), max_size=6))
def test_a_secret_anywhere_in_a_long_line_is_masked(before: int, cuts: list[int]) -> None:
    """Where a line is read in pieces, none of them ends in a secret."""
    data = b"y " * (before // 2) + b'"password": "Hunter22xyz", ' + b"z " * 9000
    assert b"Hunter22" not in streamed(data, cuts)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=4))
def test_any_bytes_are_taken(data: bytes, cuts: list[int]) -> None:
    """Nothing is raised, whatever an endpoint sends."""
    assert streamed(data, cuts) == streamed(data, [])


@given(texts)
@example('password="a;b1"')
def test_masking_twice_is_masking_once(text: str) -> None:
    """A mask is no secret."""
    for mask in (mask_text, mask_command):
        once = mask(text, masks()).text
        assert mask(once, masks()).text == once


@given(texts)
@example("curl -u $6$‹password")
def test_a_command_does_the_same_with_its_secrets_masked(text: str) -> None:
    """No operator is hidden in a mask: what may change something still may."""
    masked = mask_command(text, masks()).text
    # Out of quotes a shell would expand the parts of a hash; that is a slip, and no operator.
    before, after = effect_of(text.replace("$6$", "6"), "posix"), effect_of(masked, "posix")
    assert after == before or after != "reads"


@given(st.text(max_size=200))
def test_any_text_is_taken(text: str) -> None:
    """Nothing is raised, and what has no secret comes back as it was."""
    for mask in (mask_text, mask_command):
        masked = mask(text, Masks())
        assert masked.found or masked.text == text
