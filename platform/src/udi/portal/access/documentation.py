"""What access adds to the document of the API: policies, requests, agreements."""

from udi.portal.access.agreements.documentation import CHAPTER as AGREEMENTS
from udi.portal.access.policies.documentation import CHAPTER as POLICIES
from udi.portal.access.requests.documentation import CHAPTER as REQUESTS

CHAPTERS = (POLICIES, REQUESTS, AGREEMENTS)
