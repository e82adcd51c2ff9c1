"""A review as Markdown, HTML, SVG and figures."""
