"""What Discord refuses, with its status, code and words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer that is an error."""

    status: int
    code: int
    message: str


# Discord's documentation, "Opcodes and Status Codes", JSON error codes.
UNAUTHORIZED = Problem(401, 0, "401: Unauthorized")
NOT_FOUND = Problem(404, 0, "404: Not Found")
METHOD_NOT_ALLOWED = Problem(405, 0, "405: Method Not Allowed")
UNKNOWN_APPLICATION = Problem(404, 10002, "Unknown Application")
UNKNOWN_CHANNEL = Problem(404, 10003, "Unknown Channel")
UNKNOWN_GUILD = Problem(404, 10004, "Unknown Guild")
UNKNOWN_MEMBER = Problem(404, 10007, "Unknown Member")
UNKNOWN_MESSAGE = Problem(404, 10008, "Unknown Message")
UNKNOWN_USER = Problem(404, 10013, "Unknown User")
UNKNOWN_EMOJI = Problem(404, 10014, "Unknown Emoji")
UNKNOWN_WEBHOOK = Problem(404, 10015, "Unknown Webhook")
UNKNOWN_INTERACTION = Problem(404, 10062, "Unknown interaction")
UNKNOWN_COMMAND = Problem(404, 10063, "Unknown application command")
TOO_MANY_COMMANDS = Problem(400, 30032, "Maximum number of application commands reached (100)")
TOO_MANY_COMMAND_CREATES = Problem(400, 30034, "Max number of daily application command creates has been reached (200)")
# Reported with 429 (aikaterna-cogs#302), so that discord.py waits and tries again.
TOO_MANY_OLD_EDITS = Problem(
    429, 30046, "Maximum number of edits to messages older than 1 hour reached. Try again later"
)
TOO_LARGE = Problem(413, 40005, "Request entity too large")
ALREADY_ACKNOWLEDGED = Problem(400, 40060, "Interaction has already been acknowledged.")
MISSING_ACCESS = Problem(403, 50001, "Missing Access")
NOT_YOUR_MESSAGE = Problem(403, 50005, "Cannot edit a message authored by another user")
EMPTY_MESSAGE = Problem(400, 50006, "Cannot send an empty message")
CANNOT_DM = Problem(403, 50007, "Cannot send messages to this user")
NO_TEXT_CHANNEL = Problem(400, 50008, "Cannot send messages in a non-text channel")
MISSING_PERMISSIONS = Problem(403, 50013, "Missing Permissions")
SYSTEM_MESSAGE = Problem(403, 50021, "Cannot execute action on a system message")
WRONG_CHANNEL_TYPE = Problem(400, 50024, "Cannot execute action on this channel type")
INVALID_WEBHOOK_TOKEN = Problem(401, 50027, "Invalid Webhook Token")
INVALID_FORM_BODY = Problem(400, 50035, "Invalid Form Body")
THREAD_IS_ARCHIVED = Problem(
    400,
    50083,
    "Tried to perform an operation on an archived thread, such as editing a message or adding a user to the thread",
)
INVALID_JSON = Problem(400, 50109, "The request body contains invalid JSON.")
REPLY_NEEDS_HISTORY = Problem(403, 160002, "Cannot reply without permission to read message history")
THREAD_EXISTS = Problem(400, 160004, "A thread has already been created for this message")
THREAD_IS_LOCKED = Problem(400, 160005, "Thread is locked")


class RefusedError(Exception):
    """The request is answered with a problem; nothing was changed."""

    def __init__(self, problem: Problem, *details: str) -> None:
        super().__init__(problem.message, *details)
        self.problem = problem
        self.details = details


def invalid(where: str, code: str, message: str) -> RefusedError:
    """A field that Discord's own validation refuses: 400/50035."""
    return RefusedError(INVALID_FORM_BODY, f"{where}: {code}: {message}")
