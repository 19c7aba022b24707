"""The command ``votd``."""


def main() -> None:
    """Run the command."""
