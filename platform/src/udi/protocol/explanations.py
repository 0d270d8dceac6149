"""What each RUDI error code means, and what to do, whoever sent it: msgids for gettext."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Explanation:
    """What a code says in general; a fault of ours says more."""

    meaning: str
    remedy: str


EXPLANATIONS = {
    "ERR-101": Explanation("The document is not in the expected format.", "Send one JSON object in UTF-8."),
    "ERR-102": Explanation("A field has a name that the format does not know.", "Correct its name, or remove it."),
    "ERR-103": Explanation("The request lacks a parameter.", "Add the parameter that the report names."),
    "ERR-104": Explanation("The dataset does not exist on the portal.", "Publish it before changing it."),
    "ERR-105": Explanation("The portal met an error it does not know.", "Send the report to the territory's team."),
    "ERR-106": Explanation(
        "The portal does not read this version of the metadata format.", "Send version 1.4.1, or one that it reads."
    ),
    "ERR-107": Explanation(
        "The dataset does not say how people get the data about them.",
        "Describe the self-data service, or say that there are no personal data.",
    ),
    "ERR-108": Explanation("This account may not do this.", "Ask the territory's team for the right."),
    "ERR-109": Explanation("The dataset aimed at does not exist.", "Check its identifier."),
    "ERR-110": Explanation("The node publishes for no organisation.", "Ask the territory's team to link it with one."),
    "ERR-111": Explanation("The dataset belongs to another provider.", "Change it from the node that published it."),
    "ERR-112": Explanation(
        "The node may not publish for this producer.", "Ask the territory's team to link the node with the producer."
    ),
    "ERR-113": Explanation(
        "The portal does not know this producer.", "Use the producer's identifier on the portal, or ask to add it."
    ),
    "ERR-201": Explanation("A value is not of the right type.", "Write text between quotes and numbers without."),
    "ERR-202": Explanation("A required field is missing.", "Add it, with a value."),
    "ERR-203": Explanation("A value is too long.", "Shorten it."),
    "ERR-301": Explanation("A value holds characters that are not accepted.", "Remove the control characters."),
    "ERR-302": Explanation("A value is not in the list of accepted words.", "Choose a word of the list."),
    "ERR-303": Explanation("A value does not agree with what is expected.", "Correct it as the report says."),
    "ERR-304": Explanation("A value that must be unique is already used.", "Choose another one."),
    "ERR-305": Explanation(
        "The two services that self-data needs are not both there.",
        "Give one service temporal-bar-chart and one generic-data.",
    ),
    "ERR-306": Explanation("Two fields contradict each other.", "Change one of the two fields that the report names."),
    "ERR-307": Explanation("A value is not in the right format.", "Write it as the report shows."),
    "ERR-308": Explanation("A value is empty.", "Write a value, or leave the field out."),
    "ERR-403": Explanation("The node is not the one that created the dataset.", "Use the node that created it."),
    "ERR-405": Explanation("A service lacks parameters without which it cannot be called.", "Add these parameters."),
    "ERR-500": Explanation("The portal had a technical failure.", "Send it again later, then write to the team."),
}
UNKNOWN = Explanation("This code is not one of RUDI's.", "Send the report to the territory's team.")


def explain(code: str) -> Explanation:
    """What a code of a report means; codes of later versions get a general answer."""
    return EXPLANATIONS.get(code, UNKNOWN)
