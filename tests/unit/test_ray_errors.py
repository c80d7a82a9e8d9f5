"""Every error that Ray can raise reaches a caller as one of ours."""

import inspect

import pytest

from stillfixed.actors.errors import HostError, StillfixedError
from stillfixed.actors.runtime.cluster import import_ray, translate

exceptions = import_ray().exceptions
CLASSES = sorted(
    {
        cls
        for cls in vars(exceptions).values()
        if inspect.isclass(cls) and issubclass(cls, exceptions.RayError)
    },
    key=lambda cls: cls.__name__,
)


def task_error() -> BaseException:
    trace = "Traceback (most recent call last):\n  File x\nValueError: boom"
    error: BaseException = exceptions.RayTaskError("serve", trace, ValueError("boom"))
    return error


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_no_error_of_rays_reaches_a_caller(cls: type[BaseException]) -> None:
    """Made without its arguments, as translation looks only at the class and the text."""
    error = task_error() if cls is exceptions.RayTaskError else cls.__new__(cls)
    ours = translate(error, "asking")
    assert isinstance(ours, HostError)
    assert "Traceback" not in ours.message


def test_a_fault_in_our_own_code_is_not_retried() -> None:
    """Asking again would fail again."""
    ours = translate(task_error(), "asking")
    assert not ours.retryable
    assert ours.message.endswith("ValueError: boom")


def test_a_dead_actor_is_retried() -> None:
    """The request id makes it safe."""
    assert translate(exceptions.ActorDiedError(), "asking").retryable
    assert translate(exceptions.ActorUnavailableError("x", b"y" * 16), "asking").retryable


def test_our_own_errors_stay_as_they_are() -> None:
    """Nothing is wrapped twice."""
    ours = StillfixedError("ours")
    assert translate(ours, "asking") is ours
