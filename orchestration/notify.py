"""Tells people that a run failed or that a check does not hold (docs/deployment.md, Notifications).

The senders are chosen by HUBTIDE_NOTIFY. One that fails never fails its caller: the notice goes to
the log instead. An exception's message may hold an address with its secret, so none is ever logged:
a failure is named by its kind and status alone.
"""

import contextlib
import importlib
import json
import logging
import os
import re
import smtplib
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from http.client import HTTPMessage, HTTPResponse
from typing import IO, Any
from urllib.parse import SplitResult, unquote, urlsplit

LOG = logging.getLogger("hubtide")

SENDERS = "HUBTIDE_NOTIFY"
WEBHOOK_URL = "HUBTIDE_WEBHOOK_URL"
SMTP_URL = "HUBTIDE_SMTP_URL"
MAIL_FROM = "HUBTIDE_NOTIFY_FROM"
MAIL_TO = "HUBTIDE_NOTIFY_TO"
UI_URL = "HUBTIDE_DAGSTER_URL"

# Values of these never leave the process, even where an error's line holds one of them.
SECRET_VARIABLES = (
    WEBHOOK_URL,
    SMTP_URL,
    "HUBTIDE_DAGSTER_POSTGRES_URL",
    "HF_TOKEN",
    "OPENROUTER_API_KEY",
)

# Seconds of silence after which a server is given up.
TIMEOUT = 10.0
# A sensor's tick waits for its senders: three tries of 10 s stay below its 60 s.
TRIES = 3
FIRST_WAIT = 1.0
# A line longer than this is cut: chat tools refuse messages of some thousand letters.
LONGEST_LINE = 1000


@dataclass(frozen=True)
class Notice:
    """What people are told. Each text is shown as one line.

    `reason` is what failed, `unsafe` what must not be relied on, `todo` what to do next. `run_id`
    leads to the run where HUBTIDE_DAGSTER_URL is set. `is_synthetic`: only invented rows are
    concerned.
    """

    title: str
    reason: str
    unsafe: str
    todo: str
    run_id: str = ""
    is_synthetic: bool = False

    @property
    def link(self) -> str:
        """The run in the web interface; empty without a run or without HUBTIDE_DAGSTER_URL."""
        base = os.environ.get(UI_URL, "").rstrip("/")
        return f"{base}/runs/{self.run_id}" if base and self.run_id else ""

    def heading(self) -> str:
        """The title, marked where the rows are synthetic."""
        return line(self.title) + (" (synthetic rows)" if self.is_synthetic else "")

    def lines(self) -> list[str]:
        """The notice without its heading, a line each."""
        shown = [line(self.reason), f"Unsafe: {line(self.unsafe)}", f"To do: {line(self.todo)}"]
        return [*shown, self.link] if self.link else shown


class NotSentError(Exception):
    """A notice was not sent. The message is one line and holds no secret."""


Sender = Callable[[Notice], None]


def notify(notice: Notice) -> list[str]:
    """Send a notice by every sender that HUBTIDE_NOTIFY names; never raises.

    Returns a line for each sender that failed. What one could not send is logged.
    """
    failures = []
    for name in chosen():
        try:
            _sender(name)(notice)
        except NotSentError as error:
            failures.append(f"{_shown(name)}: {error}")
        except Exception as error:
            failures.append(f"{_shown(name)}: {type(error).__name__}")
    for failure in failures:
        LOG.error(
            "notice not sent by %s. It said: %s: %s",
            failure,
            notice.heading(),
            "; ".join(notice.lines()),
        )
    return failures


def chosen() -> list[str]:
    """The senders' names in HUBTIDE_NOTIFY; `log` where it is empty."""
    names = [name.strip() for name in os.environ.get(SENDERS, "").split(",")]
    return list(dict.fromkeys(filter(None, names))) or ["log"]


def settings_problems() -> list[str]:
    """A line for each sender that cannot work as the environment is. Sends nothing."""
    problems = []
    for name in chosen():
        try:
            _sender(name)
            for check in CHECKS.get(name, ()):
                check()
        except NotSentError as error:
            problems.append(f"{_shown(name)}: {error}")
    return problems


def line(text: str) -> str:
    """Outside text as one line of bounded length, without control characters and secrets."""
    for name in SECRET_VARIABLES:
        for secret in _secrets(os.environ.get(name, "")):
            text = text.replace(secret, f"[{name}]")
    text = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text).split())
    return text if len(text) <= LONGEST_LINE else text[: LONGEST_LINE - 1] + "…"


def log_sender(notice: Notice) -> None:
    """One line at level error in the logger `hubtide`."""
    LOG.error("%s: %s", notice.heading(), "; ".join(notice.lines()))


def webhook_sender(notice: Notice) -> None:
    """POST the notice as JSON to HUBTIDE_WEBHOOK_URL; a field `text` is what chat tools show.

    Network errors and the statuses 429 and 5xx are tried again. Redirects are not followed: the
    address is a secret.
    """
    url = _webhook_url()
    body = {
        "text": "\n".join([f"*{_for_chat(notice.heading())}*", *map(_for_chat, notice.lines())]),
        "title": line(notice.title),
        "reason": line(notice.reason),
        "unsafe": line(notice.unsafe),
        "todo": line(notice.todo),
        "link": notice.link,
        "is_synthetic": notice.is_synthetic,
    }
    request = urllib.request.Request(  # noqa: S310 - http and https alone: _webhook_url
        url,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "User-Agent": "hubtide"},
        method="POST",
    )
    for number in range(1, TRIES + 1):
        failure, again = _post(request)
        if not failure:
            return
        if number == TRIES or not again:
            tries = f" after {number} tries" if number > 1 else ""
            raise NotSentError(f"{failure}{tries}")
        time.sleep(FIRST_WAIT * 2 ** (number - 1))


def email_sender(notice: Notice) -> None:
    """Send the notice by the server of HUBTIDE_SMTP_URL, tried once.

    `smtps://` is encrypted from the start, `smtp://` where the server offers STARTTLS. A password
    is never sent without encryption.
    """
    url = _smtp_url()
    message = EmailMessage()
    message["Subject"] = f"[Hubtide] {notice.heading()}"
    message["From"], message["To"] = _mail_from(), ", ".join(_mail_to())
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="hubtide.invalid")
    message.set_content("\n".join([notice.heading(), "", *notice.lines()]) + "\n")
    try:
        with _connected(url) as server:
            server.send_message(message)
    except smtplib.SMTPResponseException as error:
        raise NotSentError(f"{type(error).__name__}, status {error.smtp_code}") from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        raise NotSentError(f"recipients refused, status {', '.join(map(str, codes))}") from None


BUILT_IN: dict[str, Sender] = {
    "log": log_sender,
    "webhook": webhook_sender,
    "email": email_sender,
}


def _sender(name: str) -> Sender:
    """A built-in sender or one's own. Raises NotSentError."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    module, colon, function = name.partition(":")
    if not (colon and module and function):
        raise NotSentError(
            f"no such sender; {SENDERS} takes log, webhook, email or package.module:function"
        )
    try:
        sender = getattr(importlib.import_module(module), function)
    except Exception as error:
        raise NotSentError(f"cannot be imported ({type(error).__name__})") from None
    if not callable(sender):
        raise NotSentError("is not a function")
    found: Sender = sender
    return found


def _secrets(value: str) -> list[str]:
    """A variable's value, and the password in it where it is an address; the longest first."""
    with contextlib.suppress(ValueError):
        password = urlsplit(value).password or ""
        # Shorter texts stand in ordinary words too.
        return [text for text in (value, password, unquote(password)) if len(text) >= 4]
    return [value]


def _shown(name: str) -> str:
    """A sender's name in a log. Who mistook the variable may have put an address into it."""
    return name if re.fullmatch(r"[\w.:-]{1,80}", name) and "//" not in name else "a sender"


def _required(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise NotSentError(f"{name} is not set")
    return value


def _webhook_url() -> str:
    url = _required(WEBHOOK_URL)
    parts = _split(url, WEBHOOK_URL)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotSentError(f"{WEBHOOK_URL} is no http or https address")
    return url


def _smtp_url() -> SplitResult:
    parts = _split(_required(SMTP_URL), SMTP_URL)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise NotSentError(f"{SMTP_URL} is neither smtp://host:port nor smtps://user:pass@host")
    return parts


def _split(url: str, name: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise NotSentError(f"{name} is no address") from None
    return parts


def _mail_from() -> str:
    return _address(_required(MAIL_FROM), MAIL_FROM)


def _mail_to() -> list[str]:
    return [_address(part.strip(), MAIL_TO) for part in _required(MAIL_TO).split(",")]


def _address(text: str, name: str) -> str:
    if not re.fullmatch(r"[^\s@,<>]+@[^\s@,<>]+", text):
        raise NotSentError(f"{name} is no mail address (or several, with commas)")
    return text


# What each built-in sender needs from the environment.
CHECKS: dict[str, Sequence[Callable[[], Any]]] = {
    "webhook": (_webhook_url,),
    "email": (_smtp_url, _mail_from, _mail_to),
}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves a redirect as the error that its status then is."""

    def redirect_request(
        self,
        req: urllib.request.Request,  # noqa: ARG002
        fp: IO[bytes],  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: HTTPMessage,  # noqa: ARG002
        newurl: str,  # noqa: ARG002
    ) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def _post(request: urllib.request.Request) -> tuple[str, bool]:
    """What went wrong (empty: nothing), and whether another try may help."""
    try:
        reply: HTTPResponse
        with _OPENER.open(request, timeout=TIMEOUT) as reply:
            return ("", False) if 200 <= reply.status < 300 else (f"status {reply.status}", False)
    except urllib.error.HTTPError as error:
        error.close()
        return f"status {error.code}", error.code == 429 or error.code >= 500
    except urllib.error.URLError as error:
        return _kind(error.reason), not isinstance(error.reason, ssl.SSLError)
    except OSError as error:
        return _kind(error), True


def _kind(error: object) -> str:
    return "time-out" if isinstance(error, TimeoutError) else type(error).__name__


def _connected(url: SplitResult) -> smtplib.SMTP:
    host, context = url.hostname or "", ssl.create_default_context()
    server: smtplib.SMTP
    if url.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, url.port or 465, timeout=TIMEOUT, context=context)
        encrypted = True
    else:
        server = smtplib.SMTP(host, url.port or 25, timeout=TIMEOUT)
        server.ehlo()
        encrypted = server.has_extn("starttls")
        if encrypted:
            server.starttls(context=context)
    if url.username:
        if not encrypted:
            server.close()
            raise NotSentError("the server offers no encryption: the password was not sent")
        server.login(unquote(url.username), unquote(url.password or ""))
    return server


def _for_chat(text: str) -> str:
    """Outside text must call nobody and forge no link: `<!channel>`, `@everyone`, `<url|text>`."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("@", "@\N{ZERO WIDTH SPACE}")
