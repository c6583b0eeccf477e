"""Templates of messages: Jinja2 in a sandbox, cut down to what cannot run away."""

from segue.adapters.message_templates.rendering import MessageTemplates

__all__ = ["MessageTemplates"]
