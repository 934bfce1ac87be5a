"""The smallest Click program with six commands: the floor for the start-up of ours."""

import click


@click.group()
def cli() -> None:
    """Do nothing."""


for name in ("one", "two", "three", "four", "five", "six"):
    cli.add_command(click.Command(name, help=f"Do {name}.", callback=lambda: None))

if __name__ == "__main__":
    cli()
