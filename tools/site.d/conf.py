"""Sphinx's settings for the site; tools/site runs it."""

project = "Relay"
author = "the maintainers of Relay"
extensions = ["myst_parser"]
exclude_patterns = ["files"]

# Headings down to #### have the anchors that the pages' links name: GitHub's.
myst_heading_anchors = 4
myst_enable_extensions = ["deflist"]
# Quotes and -- stay as they are typed: the pages name options.
smartquotes = False
# What a program says has no language.
highlight_language = "text"

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["relay.css"]
html_copy_source = False
html_use_index = False
html_show_sphinx = False
html_show_copyright = False
# A page is the same whenever it is made.
html_last_updated_fmt = None
pygments_style = "tango"
pygments_dark_style = "monokai"
