"""Notices: who gets them, what they say, and that no failure or secret gets out of a sender."""

import logging
import shutil
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from extract.home import Home
from orchestration import notify as module
from orchestration.defs.notifications import checks_sensor, failure_sensor
from orchestration.notify import Notice, notify, settings_problems

NOTICE = Notice(
    title="run of live failed",
    reason="hub_api: Qwen page 3 failed 6 times (status 503)",
    unsafe="nothing",
    todo="run it again",
    run_id="0f1e2d3c",
)
PATH = "/services/T0SECRETPATH"
SENT: list[Notice] = []


def own_sender(notice: Notice) -> None:
    SENT.append(notice)


def broken_sender(notice: Notice) -> None:
    raise RuntimeError("cannot reach https://hooks.invalid/T0SECRETPATH")


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (module.SENDERS, module.WEBHOOK_URL, module.SMTP_URL, module.MAIL_FROM,
                 module.MAIL_TO, module.UI_URL):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module, "FIRST_WAIT", 0.01)
    SENT.clear()


def lines_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "hubtide"]


# What is said


def test_the_default_is_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert notify(NOTICE) == []
    assert lines_of(caplog) == [
        "run of live failed: hub_api: Qwen page 3 failed 6 times (status 503); "
        "Unsafe: nothing; To do: run it again"
    ]
    assert caplog.records[0].levelno == logging.ERROR
    monkeypatch.setenv(module.UI_URL, "http://hubtide.example:3000/")
    assert NOTICE.lines()[-1] == "http://hubtide.example:3000/runs/0f1e2d3c"


def test_synthetic_rows_are_called_so() -> None:
    notice = Notice("run of sample failed", "why", "nothing", "nothing", is_synthetic=True)
    assert notice.heading() == "run of sample failed (synthetic rows)"


def test_outside_text_is_one_bounded_line_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_verysecret")
    monkeypatch.setenv(module.SMTP_URL, "smtps://me:p%40ssword@mail.invalid")
    shown = module.line("a\r\nBcc: x\x1b[31m hf_verysecret p@ssword p%40ssword \u2028end " * 90)
    assert len(shown) == module.LONGEST_LINE
    assert shown.startswith("a Bcc: x [31m [HF_TOKEN] [HUBTIDE_SMTP_URL] [HUBTIDE_SMTP_URL] end a")
    assert "secret" not in shown
    assert "ssword" not in shown


# Who is told


def test_senders_are_taken_in_turn_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(module.SENDERS, f"log, {__name__}:own_sender,,{__name__}:own_sender")
    assert notify(NOTICE) == []
    assert SENT == [NOTICE]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("slack", "slack: no such sender; HUBTIDE_NOTIFY takes log, webhook, email or "
                  "package.module:function"),
        ("https://h.invalid/T0SECRETPATH", "a sender: cannot be imported (ModuleNotFoundError)"),
        ("no.such.module:tell", "no.such.module:tell: cannot be imported (ModuleNotFoundError)"),
        ("orchestration.notify:LOG", "orchestration.notify:LOG: is not a function"),
        ("webhook", "webhook: HUBTIDE_WEBHOOK_URL is not set"),
        ("email", "email: HUBTIDE_SMTP_URL is not set"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_one_clear_line_and_the_others_go_on(
    name: str,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv(module.SENDERS, f"{name},{__name__}:own_sender")
    assert settings_problems() == [line]
    assert SENT == []
    assert notify(NOTICE) == [line]
    assert SENT == [NOTICE]
    (logged,) = lines_of(caplog)
    assert logged.startswith(f"notice not sent by {line}. It said: run of live failed: hub_api")
    assert "T0SECRETPATH" not in caplog.text


def test_ones_own_sender_may_fail_and_its_message_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(module.SENDERS, f"{__name__}:broken_sender")
    assert notify(NOTICE) == [f"{__name__}:broken_sender: RuntimeError"]
    assert "T0SECRETPATH" not in caplog.text


@pytest.mark.parametrize(
    "url", ["ftp://h.invalid/x", "file:///etc/passwd", "http://h:nan/T0SECRETPATH", "T0SECRETPATH"]
)
def test_a_webhook_address_that_is_none(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(module.SENDERS, "webhook")
    monkeypatch.setenv(module.WEBHOOK_URL, url)
    (line,) = settings_problems()
    assert line.startswith("webhook: HUBTIDE_WEBHOOK_URL is no ")
    assert notify(NOTICE) == [line]


# Webhook


def webhook(server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(module.SENDERS, "webhook")
    monkeypatch.setenv(module.WEBHOOK_URL, server.url_for(PATH))


def test_a_webhook_gets_json_with_a_text_that_chat_tools_show(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook(httpserver, monkeypatch)
    monkeypatch.setenv(module.UI_URL, "https://hubtide.example")
    httpserver.expect_oneshot_request(PATH, method="POST").respond_with_data("ok")
    hostile = Notice("failed", "<!channel> @everyone & <http://x|y>", "nothing", "read", "abc")
    assert settings_problems() == []
    assert notify(hostile) == []
    body: dict[str, Any] = httpserver.log[0][0].get_json()
    assert body["text"].splitlines() == [
        "*failed*",
        "&lt;!channel&gt; @\u200beveryone &amp; &lt;http://x|y&gt;",
        "Unsafe: nothing",
        "To do: read",
        "https://hubtide.example/runs/abc",
    ]
    assert body["reason"] == hostile.reason
    assert body["link"] == "https://hubtide.example/runs/abc"
    assert body["is_synthetic"] is False


@pytest.mark.parametrize(
    ("status", "tries", "said"),
    [(500, 3, "status 500 after 3 tries"), (429, 3, "status 429 after 3 tries"),
     (404, 1, "status 404"), (302, 1, "status 302")],
)  # fmt: skip
def test_a_webhook_that_refuses_is_asked_so_often_and_its_address_stays_secret(
    status: int,
    tries: int,
    said: str,
    httpserver: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    webhook(httpserver, monkeypatch)
    httpserver.expect_request(PATH).respond_with_data(
        "no", status=status, headers={"Location": httpserver.url_for("/elsewhere")}
    )
    assert notify(NOTICE) == [f"webhook: {said}"]
    assert [request.path for request, _ in httpserver.log] == [PATH] * tries
    assert lines_of(caplog)[0].startswith(f"notice not sent by webhook: {said}. It said: run of")
    # The server of the test logs its requests itself.
    own = [record.getMessage() for record in caplog.records if record.name != "werkzeug"]
    assert not any("T0SECRETPATH" in line for line in own)


def test_a_failure_that_passes_is_no_failure(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook(httpserver, monkeypatch)
    httpserver.expect_ordered_request(PATH).respond_with_data("no", status=503)
    httpserver.expect_ordered_request(PATH).respond_with_data("ok")
    assert notify(NOTICE) == []
    assert len(httpserver.log) == 2


def test_a_webhook_that_hangs_is_given_up(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook(httpserver, monkeypatch)
    monkeypatch.setattr(module, "TIMEOUT", 0.2)
    monkeypatch.setattr(module, "TRIES", 2)
    released = threading.Event()

    def hang(_request: Request) -> Response:
        released.wait(30)
        return Response("late")

    httpserver.expect_request(PATH).respond_with_handler(hang)
    try:
        assert notify(NOTICE) == ["webhook: time-out after 2 tries"]
    finally:
        released.set()


def test_a_webhook_where_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
        port = server.server_address[1]
    monkeypatch.setenv(module.SENDERS, "webhook")
    monkeypatch.setenv(module.WEBHOOK_URL, f"http://127.0.0.1:{port}{PATH}")
    assert notify(NOTICE) == ["webhook: ConnectionRefusedError after 3 tries"]


# E-mail


class Mailbox(socketserver.ThreadingTCPServer):
    """A mail server on the loopback that keeps what it is told. `refuses` is a command."""

    daemon_threads = True

    def __init__(self, certificate: Path | None = None, refuses: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.commands: list[str] = []
        self.message = ""
        self.refuses = refuses
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust the certificate hangs up: that is no news."""


class Conversation(socketserver.StreamRequestHandler):
    server: Mailbox

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def handle(self) -> None:
        self.say("220 mailbox")
        while received := self.rfile.readline().decode().strip():
            self.server.commands.append(received)
            verb = received.split(":")[0].split(" ")[0].upper()
            if verb == self.server.refuses:
                self.say("550 go away, T0SECRETPATH")
            elif verb == "EHLO":
                self.say("250-mailbox")
                self.say("250 AUTH PLAIN")
            elif verb == "AUTH":
                self.say("235 welcome")
            elif verb == "DATA":
                self.say("354 go on")
                while (part := self.rfile.readline().decode()) != ".\r\n":
                    self.server.message += part
                self.say("250 taken")
            else:
                self.say("221 bye" if verb == "QUIT" else "250 good")


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Mailbox]]:
    """Starts a mail server, and makes it the one that notices are sent by."""
    started = []

    def start(certificate: Path | None = None, refuses: str = "", credentials: str = "") -> Mailbox:
        server = Mailbox(certificate, refuses)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        started.append(server)
        scheme = "smtps" if certificate else "smtp"
        monkeypatch.setenv(module.SENDERS, "email")
        monkeypatch.setenv(module.SMTP_URL, f"{scheme}://{credentials}127.0.0.1:{server.port}")
        monkeypatch.setenv(module.MAIL_FROM, "hubtide@example.org")
        monkeypatch.setenv(module.MAIL_TO, "a@example.org, b@example.org")
        return server

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def test_an_email_goes_to_everybody(mailbox: Callable[..., Mailbox]) -> None:
    server = mailbox()
    assert settings_problems() == []
    assert notify(Notice("failed\r\nBcc: c@example.org", "why\nnot", "nothing", "read")) == []
    recipients = [line for line in server.commands if line.startswith("rcpt")]
    assert recipients == ["rcpt TO:<a@example.org>", "rcpt TO:<b@example.org>"]
    head, body = server.message.split("\r\n\r\n", 1)
    assert "Subject: [Hubtide] failed Bcc: c@example.org" in head.splitlines()
    assert "To: a@example.org, b@example.org" in head.splitlines()
    assert body.splitlines()[2:] == ["why not", "Unsafe: nothing", "To do: read"]


def test_a_password_is_not_sent_in_the_clear(
    mailbox: Callable[..., Mailbox], caplog: pytest.LogCaptureFixture
) -> None:
    server = mailbox(credentials="me:T0SECRET@")
    assert notify(NOTICE) == ["email: the server offers no encryption: the password was not sent"]
    assert not any(line.startswith("AUTH") for line in server.commands)
    assert "T0SECRET" not in caplog.text


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate with its key, made for this test."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on PATH to make a certificate with")
    path = tmp_path / "server.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", "-", "-out", "-"],
        capture_output=True,
        check=True,
    )  # fmt: skip
    path.write_bytes(made.stdout)
    return path


def test_an_encrypted_server_gets_the_password_if_its_certificate_is_trusted(
    mailbox: Callable[..., Mailbox], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = mailbox(certificate=certificate, credentials="me:pass%20word@")
    assert notify(NOTICE) == ["email: SSLCertVerificationError"]
    assert server.commands == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert notify(NOTICE) == []
    # base64 of "\0me\0pass word"
    assert "AUTH PLAIN AG1lAHBhc3Mgd29yZA==" in server.commands
    assert "Qwen page 3" in server.message


@pytest.mark.parametrize(
    ("command", "said"),
    [("MAIL", "email: SMTPSenderRefused, status 550"),
     ("RCPT", "email: recipients refused, status 550"),
     ("DATA", "email: SMTPDataError, status 550")],
)  # fmt: skip
def test_a_mail_server_that_refuses_is_named_by_its_status(
    command: str, said: str, mailbox: Callable[..., Mailbox], caplog: pytest.LogCaptureFixture
) -> None:
    mailbox(refuses=command)
    assert notify(NOTICE) == [said]
    assert "T0SECRETPATH" not in caplog.text


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        (module.SMTP_URL, "https://me:T0SECRET@h.invalid",
         "email: HUBTIDE_SMTP_URL is neither smtp://host:port nor smtps://user:pass@host"),
        (module.MAIL_TO, "everybody",
         "email: HUBTIDE_NOTIFY_TO is no mail address (or several, with commas)"),
        (module.MAIL_FROM, "a@b.example\nBcc: c@d.example",
         "email: HUBTIDE_NOTIFY_FROM is no mail address (or several, with commas)"),
    ],
)  # fmt: skip
def test_mail_settings_that_cannot_work(
    name: str,
    value: str,
    line: str,
    mailbox: Callable[..., Mailbox],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = mailbox()
    monkeypatch.setenv(name, value)
    assert settings_problems() == [line]
    assert notify(NOTICE) == [line]
    assert server.message == ""


# The sensors


@dg.op
def says_why() -> None:
    raise dg.Failure("files readings/a.csv, row 3: no model_id; correct the row")


@dg.job
def broken() -> None:
    says_why()


@dg.asset(
    check_specs=[
        dg.AssetCheckSpec("everything_was_read", asset="landed"),
        dg.AssetCheckSpec("a_known_state", asset="landed"),
    ]
)
def landed() -> Iterator[Any]:
    yield dg.MaterializeResult[None]()
    yield dg.AssetCheckResult(
        check_name="everything_was_read",
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"problems": "Qwen page 3 failed\nmeta-llama page 1 failed"},
    )
    yield dg.AssetCheckResult(
        check_name="a_known_state", passed=False, severity=dg.AssetCheckSeverity.WARN
    )


def publish_nothing_but_a_name(home: Home, build_id: str) -> None:
    folder = home.exports / "builds" / build_id
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"data_kind": "synthetic"}')
    (home.exports / "current").symlink_to(folder)


def test_a_failed_run_is_told_with_its_reason_and_what_readers_have(
    at_home: Callable[[], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(module.SENDERS, f"{__name__}:own_sender")
    with dg.DagsterInstance.ephemeral() as instance:
        result = broken.execute_in_process(instance=instance, raise_on_error=False)

        def evaluate() -> Notice:
            context = dg.build_run_status_sensor_context(
                sensor_name="tell_of_failed_runs",
                dagster_event=result.get_run_failure_event(),
                dagster_instance=instance,
                dagster_run=result.dagster_run,
            ).for_run_failure()
            failure_sensor()(context)
            return SENT.pop()

        notice = evaluate()
        assert notice.title == "run of broken failed"
        assert notice.reason == "files readings/a.csv, row 3: no model_id; correct the row"
        assert notice.unsafe.endswith("Nothing is published yet")
        assert notice.run_id == result.run_id
        assert not notice.is_synthetic

        publish_nothing_but_a_name(at_home(), "20261123T000000Z-0f1e2d3c")
        notice = evaluate()
        assert notice.unsafe.endswith(
            "Readers keep the last published build, 20261123T000000Z-0f1e2d3c"
        )
        assert notice.is_synthetic


def test_a_run_that_fails_outside_its_steps_is_told_in_dagsters_words(
    at_home: Callable[[], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(module.SENDERS, f"{__name__}:own_sender")
    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(broken, status=dg.DagsterRunStatus.STARTED)
        event = instance.report_run_failed(run, "the process of this run is gone")
        failed = instance.get_run_by_id(run.run_id)
        assert failed is not None
        failure_sensor()(
            dg.build_run_status_sensor_context(
                sensor_name="tell_of_failed_runs",
                dagster_event=event,
                dagster_instance=instance,
                dagster_run=failed,
            ).for_run_failure()
        )
    (notice,) = SENT
    assert notice.reason == "the process of this run is gone"


def test_checks_that_block_nothing_are_told_if_they_report_problems(
    at_home: Callable[[], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(module.SENDERS, f"{__name__}:own_sender")
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([landed], instance=instance)
        checks_sensor()(
            dg.build_run_status_sensor_context(
                sensor_name="tell_of_failing_checks",
                dagster_event=result.get_run_success_event(),
                dagster_instance=instance,
                dagster_run=result.dagster_run,
            )
        )
    (notice,) = SENT
    assert notice.title.startswith("1 check does not hold after ")
    assert notice.reason == (
        "landed everything_was_read: Qwen page 3 failed meta-llama page 1 failed"
    )
