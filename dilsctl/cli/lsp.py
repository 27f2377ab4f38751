"""``dilsctl lsp``."""

from __future__ import annotations

import importlib.util

import click


@click.command("lsp", short_help="Serve editors: findings, definitions, types, completion, renames.")
@click.option("--stdio", is_flag=True, help="Talk over standard input and output: the default, and only way.")
def command(stdio: bool) -> int:
    """Serve editors over the language server protocol: findings while you type, go to definition, types on
    hover, completion, renames and the layout of `dilsctl fmt`. An editor starts it by itself; docs/editors.md
    tells how. It needs pygls: pip install "dilsctl[lsp]".

    \b
    Example:
      dilsctl lsp --stdio
    """
    if importlib.util.find_spec("pygls") is None:
        from dilsctl.diagnostics import Problem

        help = 'pip install "dilsctl[lsp]"'
        raise Problem.of("no-language-server", "the language server needs pygls", help=help)
    from dilsctl.language.server import serve

    serve()
    return 0
