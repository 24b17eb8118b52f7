"""dbt's own macros for sqlfluff: each as a call of a function of the same name.

What a macro expands to does not matter to the linter; that it reads as an expression does.
"""

from collections.abc import Callable


def __getattr__(name: str) -> Callable[..., str]:
    if name.startswith("__"):
        raise AttributeError(name)
    if name.startswith("type_"):
        return lambda: name.removeprefix("type_").replace("string", "varchar")
    return lambda *arguments: f"{name}({', '.join(map(str, arguments))})"
