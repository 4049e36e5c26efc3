"""The report as one HTML file that needs nothing else: no script, nothing loaded from elsewhere."""

from service.render.html.page import CONTENT_SECURITY_POLICY, LOOK, STYLE, render_html

__all__ = ["CONTENT_SECURITY_POLICY", "LOOK", "STYLE", "render_html"]
