"""What each RUDI error code means, and what to do, whoever sent it: msgids for gettext."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FaultExplanation:
    """What a code says in general; a fault of ours says more."""

    meaning: str
    remedy: str


EXPLANATIONS = {
    "ERR-101": FaultExplanation(
        "The document is not in the expected format.", "Send one JSON object in UTF-8."
    ),
    "ERR-102": FaultExplanation(
        "A field has a name that the format does not know.",
        "Correct its name, or remove it.",
    ),
    "ERR-103": FaultExplanation(
        "The request lacks a parameter.", "Add the parameter that the report names."
    ),
    "ERR-104": FaultExplanation(
        "The dataset does not exist on the portal.", "Publish it before changing it."
    ),
    "ERR-105": FaultExplanation(
        "The portal met an error it does not know.",
        "Send the report to the territory's team.",
    ),
    "ERR-106": FaultExplanation(
        "The portal does not read this version of the metadata format.",
        "Send version 1.4.1, or one that it reads.",
    ),
    "ERR-107": FaultExplanation(
        "The dataset does not say how people get the data about them.",
        "Describe the self-data service, or say that there are no personal data.",
    ),
    "ERR-108": FaultExplanation(
        "This account may not do this.", "Ask the territory's team for the right."
    ),
    "ERR-109": FaultExplanation(
        "The dataset aimed at does not exist.", "Check its identifier."
    ),
    "ERR-110": FaultExplanation(
        "The node publishes for no organisation.",
        "Ask the territory's team to link it with one.",
    ),
    "ERR-111": FaultExplanation(
        "The dataset belongs to another provider.",
        "Change it from the node that published it.",
    ),
    "ERR-112": FaultExplanation(
        "The node may not publish for this producer.",
        "Ask the territory's team to link the node with the producer.",
    ),
    "ERR-113": FaultExplanation(
        "The portal does not know this producer.",
        "Use the producer's identifier on the portal, or ask to add it.",
    ),
    "ERR-201": FaultExplanation(
        "A value is not of the right type.",
        "Write text between quotes and numbers without.",
    ),
    "ERR-202": FaultExplanation(
        "A required field is missing.", "Add it, with a value."
    ),
    "ERR-203": FaultExplanation("A value is too long.", "Shorten it."),
    "ERR-301": FaultExplanation(
        "A value holds characters that are not accepted.",
        "Remove the control characters.",
    ),
    "ERR-302": FaultExplanation(
        "A value is not in the list of accepted words.", "Choose a word of the list."
    ),
    "ERR-303": FaultExplanation(
        "A value does not agree with what is expected.",
        "Correct it as the report says.",
    ),
    "ERR-304": FaultExplanation(
        "A value that must be unique is already used.", "Choose another one."
    ),
    "ERR-305": FaultExplanation(
        "The two services that self-data needs are not both there.",
        "Give one service temporal-bar-chart and one generic-data.",
    ),
    "ERR-306": FaultExplanation(
        "Two fields contradict each other.",
        "Change one of the two fields that the report names.",
    ),
    "ERR-307": FaultExplanation(
        "A value is not in the right format.", "Write it as the report shows."
    ),
    "ERR-308": FaultExplanation(
        "A value is empty.", "Write a value, or leave the field out."
    ),
    "ERR-403": FaultExplanation(
        "The node is not the one that created the dataset.",
        "Use the node that created it.",
    ),
    "ERR-405": FaultExplanation(
        "A service lacks parameters without which it cannot be called.",
        "Add these parameters.",
    ),
    "ERR-500": FaultExplanation(
        "The portal had a technical failure.",
        "Send it again later, then write to the team.",
    ),
}
UNKNOWN = FaultExplanation(
    "This code is not one of RUDI's.", "Send the report to the territory's team."
)


def explain_code(code: str) -> FaultExplanation:
    """What a code of a report means; codes of later versions get a general answer."""
    return EXPLANATIONS.get(code, UNKNOWN)
