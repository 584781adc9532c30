"""Sending the audit log to webhooks: signed, at least once, in the order in which events were sealed."""
