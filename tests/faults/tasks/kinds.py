"""Every kind of queued task, and what its effect is: what must be true once a worker that was killed has a successor.

A mail and a call leave at least once: whoever gets one twice knows it by its Message-ID, or by the identifier in it. A row is
written once, and an object is whole and has its row.
"""

from tests.faults.trials import Effect
from udi.settings import ProgramName

MAIL, CALL, ROWS, OBJECTS = Effect
KINDS: dict[ProgramName, dict[str, Effect]] = {
    "portal": {
        "change_member": ROWS,
        "delete_account": ROWS,
        "deliver_agreement": CALL,
        "deliver_consent": CALL,
        "deliver_webhook": CALL,
        "end_project_secrets": ROWS,
        "follow_access": ROWS,
        "go_on_in_dataspace": ROWS,
        "invalidate_consents": ROWS,
        "move_uses": ROWS,
        "move_uses_of_renamed": ROWS,
        "notify_of_withdrawal": ROWS,
        "notify_project_of_change": ROWS,
        "open_space": CALL,
        "remind_of_consent": MAIL,
        "remind_of_subject_request": MAIL,
        "review_provider_groups": ROWS,
        "say_webhook_stopped": MAIL,
        "send_dataspace_messages": CALL,
        "send_deletion_confirmation": MAIL,
        "send_digest": MAIL,
        "send_inbox": MAIL,
        "send_link_news": MAIL,
        "send_producer_reminder": MAIL,
        "send_report": CALL,
        "send_suggestion_message": MAIL,
        "send_team_invitation": MAIL,
        "show_harvested_reuses": ROWS,
        "tell_access_request": MAIL,
        "tell_agreement": MAIL,
        "tell_application": MAIL,
        "tell_call": MAIL,
        "tell_data_request": MAIL,
        "tell_entry": MAIL,
        "tell_fault_report": MAIL,
        "tell_project": MAIL,
        "tell_reading": ROWS,
        "tell_source": MAIL,
        "tell_subject_request_news": MAIL,
        "tell_suggestions": MAIL,
    },
    "node": {
        "ask_agreements": ROWS,
        "build_archive": OBJECTS,
        "compare_version": ROWS,
        "erase_dataset": OBJECTS,
        "erase_version": OBJECTS,
        "fetch_file": OBJECTS,
        "finish_upload": OBJECTS,
        "keep_versions": OBJECTS,
        "prepare_version": OBJECTS,
        "publish_figures": OBJECTS,
        "push_dataset": CALL,
        "refresh_source": OBJECTS,
        "remind_of_due_request": MAIL,
        "send_reminder": MAIL,
        "treat_version": OBJECTS,
    },
}
"""By program: the table that a new kind must be in."""
SCHEDULES: dict[ProgramName, dict[str, Effect]] = {"portal": {}, "node": {}}
"""The same for scheduled tasks, of which none is killed yet."""
NEEDS_ACCOUNTS = (
    "accounts of a real identity service change, and would have to be put back"
)
UNTRIED = {
    "change_member": NEEDS_ACCOUNTS,
    "delete_account": NEEDS_ACCOUNTS,
    "review_provider_groups": NEEDS_ACCOUNTS,
}
"""Kinds without a trial of their own, and why."""


def place_of(program: ProgramName, kind: str) -> int:
    """The place of a kind in its table: a usual run kills one at its first step, the next at its second, and so on."""
    table = KINDS[program] if kind in KINDS[program] else SCHEDULES[program]
    return sorted(table).index(kind)
