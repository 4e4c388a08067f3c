"""The deployer: an accepted model enters, an answering service leaves.

To add an option write a class with ``deploy(name, folder) -> str``, which says in a sentence what
is online now, and a file in ``conf/deployer`` that names it. It is asked only for models whose
gates pass.
"""
