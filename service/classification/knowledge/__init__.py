"""Knowledge as data: the catalogue of known images, the weights of evidence and the words that
people name things by. All of it is checked when it is loaded.
"""

from service.classification.knowledge.catalogue import (
    CATEGORIES,
    Catalogue,
    Entry,
    ImageRole,
    entry_from,
    load_catalogue,
)
from service.classification.knowledge.errors import KnowledgeError

__all__ = [
    "CATEGORIES",
    "Catalogue",
    "Entry",
    "ImageRole",
    "KnowledgeError",
    "entry_from",
    "load_catalogue",
]
