"""Secrets are recognised and masked before anything is stored. Pure: no I/O, no clock.

Masks                     the masks of one session: the same secret, the same mask
mask_command, mask_text   a command, or words, as they may be kept
StreamMasker              output as it comes, whatever its pieces
unnumbered                masks without numbers: which secret it was does not make another check

What a secret looks like is data: see `knowledge/README.md`.
"""

from stillfixed.actors.secrets.masks import Masks
from stillfixed.actors.secrets.stream import StreamMasker
from stillfixed.actors.secrets.texts import MaskedText, mask_command, mask_text, unnumbered

__all__ = ["MaskedText", "Masks", "StreamMasker", "mask_command", "mask_text", "unnumbered"]
