"""Reads what is sent to the service: raw text, envelopes, forms and archives."""
