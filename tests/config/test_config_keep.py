"""How long things stay: `[keep]`, and `[privacy] keep` for what is named there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobd.config import load_text
from jobd.config.load import examine
from jobd.errors import ConfigError


def test_journal_and_bulks_have_an_age_of_their_own():
    keep = load_text('[keep]\naudit = "30d"\n').keep
    assert (keep.audit, keep.bulk) == (timedelta(days=30), timedelta(days=30))
    assert load_text("").keep.audit == timedelta(days=365)


def test_private_values_have_an_age_of_their_own_or_none():
    privacy = load_text('[privacy]\nredact = ["args.iban"]\nkeep = "7d"\n').privacy
    assert (privacy.redact, privacy.keep) == (("args.iban",), timedelta(days=7))
    assert load_text('[privacy]\nredact = ["args.iban"]\n').privacy.keep is None


@pytest.mark.parametrize(("length", "said"), [('"59m"', "must be at least 1h"), ('"soon"', "soon"), ("true", "length")])
def test_an_age_that_is_none_is_refused_at_its_place(length: str, said: str):
    with pytest.raises(ConfigError) as refused:
        load_text(f'[privacy]\nredact = ["mail.text"]\nkeep = {length}\n')
    (problem,) = refused.value.problems
    assert (problem.line, problem.key) == (3, "privacy.keep")
    assert said in problem.problem


def test_an_age_without_anything_that_it_is_for_is_warned_of(tmp_path):
    path = tmp_path / "jobd.toml"
    path.write_text('[privacy]\nkeep = "7d"\n')
    (warning,) = examine(path, environ={}).warnings
    assert (warning.line, warning.key) == (2, "privacy.keep")
    assert "redact" in warning.problem


def test_a_path_that_hides_nothing_of_a_message_is_warned_of(tmp_path):
    path = tmp_path / "jobd.toml"
    path.write_text('[privacy]\nredact = ["mail.subjet", "mail.*", "mail", "mail.headers.A", "mail.key", "args.a"]\n')
    (warning,) = examine(path, environ={}).warnings
    assert (warning.line, warning.key) == (2, "privacy.redact")
    assert "mail.subjet hides nothing" in warning.problem and "subject" in (warning.hint or "")
