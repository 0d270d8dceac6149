"""The keys for files: rotated without shutting out what was signed or sealed."""

import json
import time
from datetime import timedelta
from pathlib import Path

import pytest

from udi.kit.clock import now
from udi.kit.keyring import (
    PROPAGATION_TIME,
    SECRET,
    Keyring,
    KeyringFile,
    new_keyring,
    rotate_keyring,
)
from udi.settings import MissingSecretError, Settings

MINUTE = timedelta(minutes=1)


def aged(text: str, by: timedelta) -> str:
    """The same ring, drawn earlier."""
    listed = json.loads(text)["keys"]
    for key in listed:
        key["made_at"] = (
            Keyring.parse(json.dumps({"keys": [key]})).keys[0].made_at - by
        ).isoformat()
    return json.dumps({"keys": listed})


def test_a_new_key_leads_when_every_machine_has_had_time_to_receive_it() -> None:
    old = aged(new_keyring(), timedelta(days=9))
    fresh = rotate_keyring(old)
    settled = aged(fresh, PROPAGATION_TIME + MINUTE)
    later = aged(fresh, 2 * PROPAGATION_TIME + MINUTE)

    first = Keyring.parse(fresh).keys[1].id
    second = Keyring.parse(fresh).keys[0].id
    assert Keyring.parse(fresh).current_key.id == first
    assert Keyring.parse(settled).current_key.id == second
    assert {key.id for key in Keyring.parse(fresh).accepted_keys()} == {first, second}
    assert {key.id for key in Keyring.parse(settled).accepted_keys()} == {first, second}
    assert {key.id for key in Keyring.parse(later).accepted_keys()} == {second}
    assert Keyring.parse(later).find(first) is not None


def test_a_key_drawn_a_moment_ago_leads_when_it_is_alone() -> None:
    ring = Keyring.parse(new_keyring())

    assert ring.current_key == ring.keys[0]


def test_derived_keys_differ_by_purpose_context_and_key() -> None:
    first_key = Keyring.parse(new_keyring()).keys[0]
    two = Keyring.parse(new_keyring()).keys[0]
    derived = [
        first_key.derive("a", "b"),
        first_key.derive("a", "c"),
        first_key.derive("b", "b"),
        two.derive("a", "b"),
        first_key.secret,
    ]

    assert len(set(derived)) == 5
    assert first_key.derive("a", "b") == derived[0]


@pytest.mark.parametrize(
    "text", ["", "{}", '{"keys": []}', '{"keys": [1]}', '{"keys": [{"id": "a"}]}', "[]"]
)
def test_what_holds_no_keys_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"keys|Expecting"):
        Keyring.parse(text)


def test_a_program_follows_the_file_and_keeps_what_it_knows_while_it_cannot_be_read(
    tmp_path: Path,
) -> None:
    read = KeyringFile(Settings(secrets=tmp_path))
    with pytest.raises(MissingSecretError):
        read()
    (tmp_path / SECRET).write_text(new_keyring())
    keyring = read()

    (tmp_path / SECRET).write_text("half a fi")
    assert read() == keyring
    (tmp_path / SECRET).unlink()
    assert read() == keyring
    time.sleep(0.01)
    (tmp_path / SECRET).write_text(rotate_keyring(new_keyring()))
    assert len(read().keys) == 2
    assert all(key.made_at <= now() for key in read().keys)
