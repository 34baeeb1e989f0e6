"""The program between fakes, for whichever test asks for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.whatsapp_business import Business, business_on


@pytest.fixture
async def business(tmp_path: Path) -> AsyncIterator[Business]:
    """Echo behind a number, started with its usual settings."""
    async with business_on(tmp_path / "conversations") as opened:
        yield opened
