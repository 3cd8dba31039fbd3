"""Says in the reader's language what each key does: footer, help and palette show what a screen's bindings are called.

Bindings are made when a screen's class is, before anybody has chosen a language, so they are marked there; each screen
(and the app) puts its own into words as it is made.
"""

from dataclasses import replace

from textual.dom import DOMNode

from estim.core.translation import LANGUAGE, tr_text


def name_keys(node: DOMNode) -> None:
    """Translate what the keys of a screen or of the app are called; the bindings are the node's own copy."""
    if LANGUAGE.name == "en":
        return
    found = node._bindings.key_to_bindings
    for key, bindings in found.items():
        found[key] = [replace(one, description=tr_text(one.description)) for one in bindings]
