"""The catalogue of failures: the page of each code, from its rule and from the scenarios that reproduce it.

``python -m gateway.diagnosis.catalogue docs/failures`` writes the documentation; with ``--record`` it runs
the scenarios before and stores what the CPE's own logs showed.
"""

from gateway.diagnosis.catalogue.documents import documents
from gateway.diagnosis.catalogue.pages import UnknownCode, as_json, list_text, page_text, rule_of

__all__ = ["UnknownCode", "as_json", "documents", "list_text", "page_text", "rule_of"]
