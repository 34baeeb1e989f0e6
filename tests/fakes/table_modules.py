"""Every module that says what tables there are."""

import importlib
import pkgutil

from source.adapters import storage


def import_tables() -> int:
    """Import all modules of tables, so that the metadata has them; return how many there are."""
    names = [module.name for module in pkgutil.iter_modules(storage.__path__) if module.name.endswith("tables")]
    for name in names:
        importlib.import_module(f"{storage.__name__}.{name}")
    return len(names)
