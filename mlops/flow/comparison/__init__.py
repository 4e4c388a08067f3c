"""What two models have in common and what not: two subjects enter, plain findings leave.

Each leaf looks at one thing (``settings``, ``data``, ``answers``, ``surroundings``) and gives plain
data; ``told`` and ``shown`` turn the findings into lines for a terminal and into a page.
"""
