"""Sentences by which a tool says that it did not look are no faults, in any language."""

import pytest

from stillfixed.actors.verdicts import Run, judge

SHOWN = Run("Volume  Used\n------  ----\nC:      18 GB\n", "", 0)


@pytest.mark.parametrize(
    "sentence",
    [
        "Error: You don't have the correct permissions to run this command.",
        "Fehler: Sie haben nicht die erforderlichen Berechtigungen.",
        "FEHLER: Der angemeldete Benutzer verfügt nicht über Administratorrechte.",
        "Erreur : vous ne disposez pas des autorisations nécessaires.",
        "Error: no tiene los permisos necesarios para ejecutar este comando.",
        "Errore: autorizzazioni insufficienti.",
        "Fout: u hebt niet de juiste machtigingen.",
        "Erro: você não tem as permissões corretas.",
        "Systemfehler 5 aufgetreten.",
        "L'erreur système 5 s'est produite.",
        "The user name or password is incorrect.",
        "FEHLER: Ungültige Syntax.",
        "ERREUR : argument ou option non valide - '/x'.",
        "Cannot bind argument to parameter 'Name' because it is null.",
        "You cannot call a method on a null-valued expression.",
        "Der Vorgang wurde durch den Benutzer abgebrochen.",
    ],
)
def test_a_refusal_is_no_fault(sentence: str) -> None:
    """A run that was refused proves nothing, before as after, on either stream."""
    for refused in (Run(sentence + "\n", "", 1), Run("", sentence + "\n", 1)):
        for pair in ((refused, SHOWN), (SHOWN, refused)):
            assert judge("vstool list", *pair, platform="cmd").verdict == "inconclusive"


def test_a_thing_that_lacks_a_right_is_faulty() -> None:
    """That an account may not do its work is a fault of the account, not of the check."""
    bad = Run("False\n", "WARNING: this computer does not have permission to use the group MSA", 0)
    verdict = judge("Test-ADServiceAccount gmsa", bad, Run("True\n", "", 0), platform="powershell")
    assert verdict.verdict == "fixed"
