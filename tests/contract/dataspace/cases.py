"""What people do in each case of the kit: its own list says which case needs what of the system that it looks at.

A case is named as its method in the kit; of each, what is done in which state, in this order. Where nothing is said, nobody
does anything: what follows by itself follows, or the kit goes on.
"""

Steps = tuple[tuple[str, str], ...]
Script = dict[str, Steps]

PROVIDER_NEGOTIATIONS: Script = {
    "cn_01_01": (("REQUESTED", "counter"),),
    "cn_01_02": (("REQUESTED", "counter"), ("REQUESTED", "refuse")),
    "cn_01_03": (("REQUESTED", "counter"),),
    "cn_01_04": (("REQUESTED", "grant"),),
    "cn_02_01": (("REQUESTED", "refuse"),),
    "cn_02_02": (),
    "cn_02_03": (("REQUESTED", "grant"),),
    "cn_02_04": (("REQUESTED", "counter"),),
    "cn_02_05": (("REQUESTED", "counter"), ("OFFERED", "refuse")),
    "cn_02_06": (("REQUESTED", "counter"), ("ACCEPTED", "refuse")),
    "cn_02_07": (("REQUESTED", "grant"), ("VERIFIED", "revoke")),
    "cn_03_01": (("REQUESTED", "grant"),),
    "cn_03_02": (("REQUESTED", "counter"),),
    "cn_03_03": (("REQUESTED", "counter"),),
    "cn_03_04": (("REQUESTED", "counter"),),
}
CONSUMER_NEGOTIATIONS: Script = {
    "cn_c_01_01": (("OFFERED", "take"), ("AGREED", "verify")),
    "cn_c_01_02": (("OFFERED", "ask_otherwise"),),
    "cn_c_01_03": (("OFFERED", "break_off"),),
    "cn_c_01_04": (("AGREED", "verify"),),
    "cn_c_02_01": (),
    "cn_c_02_02": (("REQUESTED", "break_off"),),
    "cn_c_02_03": (("AGREED", "break_off"),),
    "cn_c_02_04": (),
    "cn_c_02_05": (("OFFERED", "take"),),
    "cn_c_02_06": (("AGREED", "verify"),),
    "cn_c_03_01": (),
    "cn_c_03_02": (),
    "cn_c_03_03": (),
    "cn_c_03_04": (("OFFERED", "take"),),
    "cn_c_03_05": (("OFFERED", "take"),),
    "cn_c_03_06": (("OFFERED", "take"),),
}
PROVIDER_TRANSFERS: Script = {
    "tp_01_01": (("STARTED", "revoke"),),
    "tp_01_02": (("STARTED", "complete"),),
    "tp_01_03": (("STARTED", "suspend"), ("SUSPENDED", "revoke")),
    "tp_01_04": (
        ("STARTED", "suspend"),
        ("SUSPENDED", "resume"),
        ("STARTED", "complete"),
    ),
    "tp_01_05": (("REQUESTED", "revoke"),),
    **dict.fromkeys([f"tp_02_{number:02}" for number in (1, 2, 3, 5)], ()),
    **dict.fromkeys([f"tp_03_{number:02}" for number in range(1, 7)], ()),
}
CONSUMER_TRANSFERS: Script = {
    **dict.fromkeys([f"tp_c_01_{number:02}" for number in range(1, 6)], ()),
    "tp_c_02_01": (("STARTED", "end"),),
    "tp_c_02_02": (("STARTED", "complete"),),
    "tp_c_02_03": (("STARTED", "suspend"), ("SUSPENDED", "end")),
    "tp_c_02_05": (("REQUESTED", "end"),),
    **dict.fromkeys([f"tp_c_03_{number:02}" for number in range(1, 7)], ()),
}
SCRIPTS: dict[tuple[str, str], Script] = {
    ("negotiation", "provider"): PROVIDER_NEGOTIATIONS,
    ("negotiation", "consumer"): CONSUMER_NEGOTIATIONS,
    ("transfer", "provider"): PROVIDER_TRANSFERS,
    ("transfer", "consumer"): CONSUMER_TRANSFERS,
}
CATALOGUE = ("met_01_01", "cat_01_01", "cat_01_02", "cat_01_03")
OFF = ("tp_02_04", "tp_c_02_04")
"""Switched off in the kit itself."""
CASES = (*CATALOGUE, *(case for script in SCRIPTS.values() for case in script))
SUITES = {
    "metadata": ("met_",), "catalogue": ("cat_",), "negotiation, provider": ("cn_0",), "negotiation, consumer": ("cn_c",),
    "transfer, provider": ("tp_0",), "transfer, consumer": ("tp_c",),
}  # fmt: skip
