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
SCHEDULES: dict[ProgramName, dict[str, Effect]] = {
    "portal": {
        "apply_access_deadlines": MAIL,
        "apply_subject_request_time": MAIL,
        "check_data_request_delays": MAIL,
        "check_fault_reports": MAIL,
        "check_links": CALL,
        "compare_accounts": ROWS,
        "delete_expired_sessions": ROWS,
        "dispatch_changes": CALL,
        "end_due_consents": ROWS,
        "publish_punctuality": ROWS,
        "queue_consent_reminders": MAIL,
        "queue_digests": MAIL,
        "queue_inbox_mails": MAIL,
        "queue_suggestion_digests": MAIL,
        "reseal_columns": ROWS,
        "review_groups": ROWS,
        "review_unused_accounts": MAIL,
    },
    "node": {
        "advance_subject_requests": ROWS,
        "compare_accounts": CALL,
        "delete_expired_archives": OBJECTS,
        "delete_expired_readings": ROWS,
        "delete_expired_sessions": ROWS,
        "delete_old_uses": ROWS,
        "exchange_inbox": CALL,
        "forget_sealed_cells": ROWS,
        "queue_reminders": MAIL,
        "queue_request_reminders": MAIL,
        "queue_source_checks": OBJECTS,
        "renew_figures": OBJECTS,
        "report_consent_withdrawals": CALL,
        "report_recipient_notices": CALL,
        "report_subject_requests": CALL,
        "report_uses": CALL,
        "reseal_columns": ROWS,
        "sweep_objects": OBJECTS,
        "take_storage_snapshots": ROWS,
        "tell_uses": CALL,
    },
}
"""The same for scheduled tasks."""
ONE_MACHINE = "it reads and writes files of one machine, and no row: the next run does the same anew"
OWN_NODE = "only a producer's own node has it, whose worker these trials do not start"
UNTRIED: dict[ProgramName, dict[str, str]] = {
    "portal": {"measure_service": ONE_MACHINE},
    "node": {"fetch_reports": OWN_NODE, "remove_old_copies": ONE_MACHINE},
}
"""Kinds that no trial kills, and why."""


def place_of(program: ProgramName, kind: str) -> int:
    """The place of a kind in its table: a usual run kills one at its first step, the next at its second, and so on."""
    table = KINDS[program] if kind in KINDS[program] else SCHEDULES[program]
    return sorted(table).index(kind)
