"""An empty Hydra application: what --help and check are measured against."""

import hydra


@hydra.main(version_base="1.3", config_path=None)
def main(config):
    """Do nothing."""


main()
