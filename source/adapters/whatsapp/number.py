"""Whether the token may use the number."""

from source.adapters.whatsapp.graph import GraphSending
from source.adapters.whatsapp.settings import WhatsAppSettings


async def number_behind(settings: WhatsAppSettings) -> str:
    """Return the number and the name that people see, as Meta knows them.

    Raises: DeliveryError: Meta refuses the token or the number, or cannot be reached.
    """
    sending = GraphSending(settings)
    try:
        return await sending.number()
    finally:
        await sending.close()
