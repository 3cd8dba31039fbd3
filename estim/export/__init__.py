"""Exports: the diary as tables, lines, a calendar and FHIR, and back from them."""
