"""Is an object of the program equal to what the tests built, or to everything of its class?

Asked after the tests: the class is called again with other arguments, and an object that is equal to that, too, has
only said yes. Does NOT catch a class that guesses which question is the second one; such passes stay delegated.
"""

from __future__ import annotations

import secrets
from typing import Any

from verifiers.sandbox.client import Client
from verifiers.sandbox.remote import CandidateGoneError, Remote, UnsupportedError

_MOST = 20


class Confirmed:
    def __init__(self, client: Client) -> None:
        self.client = client

    def liar(self) -> str:
        """The name of the class of an object that is equal to any of its kind, or ''."""
        for one, other in self.client.agreed[:_MOST]:
            for asked, pattern in ((one, other), (other, one)):
                if pattern._number in self.client.built and self._says_yes(asked, pattern):
                    return type(pattern).__name__
        return ""

    def _says_yes(self, asked: Remote, pattern: Remote) -> bool:
        kind, args, words = self.client.built[pattern._number]
        others = tuple(map(_other, args)), {name: _other(value) for name, value in words.items()}
        if others == (args, words):
            return False  # nothing to change: any two may well be equal
        try:
            made = self.client.request("call", kind._number, *others)
            return isinstance(made, Remote) and self.client.ask("eq", asked._number, made) is True
        except (CandidateGoneError, UnsupportedError):
            raise
        except BaseException:  # noqa: BLE001  # other arguments may be refused in any way; then nothing is shown
            return False


def _other(value: Any) -> Any:
    """A value of the same kind, near, and not the same."""
    step = 1 + secrets.randbelow(9)
    if type(value) is bool:
        return not value
    if type(value) in (int, float):
        return value + step
    if type(value) is str:
        return f"{value}{'abcdefghij'[step]}"
    if type(value) in (list, tuple):
        return type(value)([*map(_other, value)] if value else [step])
    if type(value) is dict:
        return {key: _other(part) for key, part in value.items()} if value else {step: step}
    return value
