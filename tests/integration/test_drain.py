"""The service between SIGTERM and its end: it drains, and no request is lost."""

from __future__ import annotations

import threading
import time

import requests

from tests.conftest import StartServer
from tests.support.sockets import POD, read_all, request_head


def test_readiness_goes_down_first_and_new_requests_are_served(start_server: StartServer) -> None:
    """After SIGTERM: /readyz is 503, new requests are answered for DRAIN_SECONDS, then the
    process ends with 0.
    """
    running = start_server(PODSPLIT_DRAIN_SECONDS="2")
    running.terminate()
    time.sleep(0.5)

    assert requests.get(running.url + "/readyz", timeout=5).status_code == 503
    answer = requests.post(running.url + "/v1/analyze", data=POD, timeout=5)
    assert answer.ok
    assert answer.headers["Connection"] == "close"
    assert running.process.wait(15) == 0


def test_a_request_in_flight_is_finished(start_server: StartServer) -> None:
    """A request whose body began to arrive before the end of the drain is answered."""
    running = start_server(PODSPLIT_DRAIN_SECONDS="0.5")
    with running.connect() as connection:
        connection.sendall(request_head(len(POD)) + POD[:20])
        time.sleep(0.2)
        running.terminate()
        time.sleep(2)
        connection.sendall(POD[20:])
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert running.process.wait(15) == 0


def test_a_connection_that_was_kept_open(start_server: StartServer) -> None:
    """A request on a connection that was kept open is answered during the drain, and the connection
    is closed after it.
    """
    running = start_server(PODSPLIT_DRAIN_SECONDS="3", WORKERS="1")
    with requests.Session() as session:
        assert (
            "keep-alive"
            in session.post(running.url + "/v1/analyze", data=POD, timeout=5).headers["Connection"]
        )
        running.terminate()
        time.sleep(0.5)
        answer = session.post(running.url + "/v1/analyze", data=POD, timeout=5)

    assert answer.ok
    assert answer.headers["Connection"] == "close"
    assert running.process.wait(15) == 0


def test_a_second_sigterm_ends_the_drain(start_server: StartServer) -> None:
    """A second SIGTERM ends the process before the end of the drain."""
    running = start_server(PODSPLIT_DRAIN_SECONDS="60")
    running.terminate()
    time.sleep(0.5)
    running.terminate()

    assert running.process.wait(10) == 0


def test_a_stop_without_a_drain(start_server: StartServer) -> None:
    """Clients whose connections were made are answered; those that come later are refused, and
    none is reset.
    """
    running = start_server(PODSPLIT_DRAIN_SECONDS="0")
    outcomes: list[str] = []

    def ask() -> None:
        for _ in range(10_000):
            try:
                connection = running.connect()
            except OSError:
                outcomes.append("refused")
                return
            with connection:
                try:
                    connection.sendall(request_head(len(POD)) + POD)
                    outcomes.append(read_all(connection)[:12].decode())
                except OSError as error:
                    outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=ask) for _ in range(32)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    running.terminate()
    for thread in threads:
        thread.join(60)

    assert set(outcomes) == {"HTTP/1.1 200", "refused"}
    assert outcomes.count("refused") == 32
    assert running.process.wait(30) == 0


def test_sigterm_under_load(start_server: StartServer) -> None:
    """Every request that began before the end of the drain is answered."""
    running = start_server(PODSPLIT_DRAIN_SECONDS="2")
    ended = threading.Event()
    lost: list[str] = []
    statuses: list[int] = []
    end_of_drain = [float("inf")]

    def ask() -> None:
        while not ended.is_set():
            began = time.monotonic()
            try:
                statuses.append(
                    requests.post(running.url + "/v1/analyze", data=POD, timeout=20).status_code
                )
            except requests.RequestException as error:
                # The margin is for the time between the signal and the timer that it starts.
                if began < end_of_drain[0] - 0.2:
                    lost.append(f"{began - end_of_drain[0]:.3f}: {error}")
                return

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    time.sleep(0.7)
    end_of_drain[0] = time.monotonic() + 2
    running.terminate()
    code = running.process.wait(30)
    ended.set()
    for thread in threads:
        thread.join(30)

    assert not lost
    assert set(statuses) == {200}
    assert len(statuses) > 100
    assert code == 0
