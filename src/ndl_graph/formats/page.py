"""A record as a page that stands alone, for those who keep files: what the Markdown says, with schema.org inside.

The pages of the service are made of templates, in `web`. This one reads back as the schema.org that is in it.
"""

from html import escape

from ndl_graph.description import DescriptionView
from ndl_graph.formats import markdown, schema_org

__all__ = ["write"]


def write(view: DescriptionView, page: str, kind: str) -> bytes:
    """The page as UTF-8; `page` is the IRI of the record's page, `kind` that of the record."""
    # Raw HTML and images stay out: the Markdown carries publisher text.
    from markdown_it import MarkdownIt  # few commands write a page, and all would wait for it to load

    text = MarkdownIt("commonmark", {"html": False}).disable("image").render(markdown.write(view, page).decode())
    # What stands in a script ends where an element would begin, unless that is spelt out.
    data = schema_org.write(view, page, kind).decode().replace("<", "\\u003c")
    head = (
        '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(view.title)}</title>\n<script type="application/ld+json">\n{data}</script>\n'
    )
    body = f"<body>\n<main>\n{text}</main>\n</body>\n"
    return f'<!doctype html>\n<html lang="en">\n<head>\n{head}</head>\n{body}</html>\n'.encode()
