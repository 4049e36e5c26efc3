"""What happens between SIGTERM and the end."""

from __future__ import annotations

import threading
import time

import requests

POD = (
    b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n    - name: web\n   "
    b"   image: nginx\n"
)


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
    """A body that began to arrive before the end of the drain is read and answered."""
    running = start_server(PODSPLIT_DRAIN_SECONDS="0.5")
    head = (
        "POST /v1/analyze HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length:"
        f" {len(POD)}\r\n\r\n".encode()
    )
    with running.connect() as connection:
        connection.sendall(head + POD[:20])
        time.sleep(0.2)
        running.terminate()
        time.sleep(2)
        connection.sendall(POD[20:])
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert running.process.wait(15) == 0


def test_a_connection_that_was_kept_open(start_server: StartServer) -> None:
    """A request on it while the service drains is answered, and the client told to come back on
    another one.
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
    """Who is in a hurry needn't wait."""
    running = start_server(PODSPLIT_DRAIN_SECONDS="60")
    running.terminate()
    time.sleep(0.5)
    running.terminate()

    assert running.process.wait(10) == 0


def test_sigterm_under_load(start_server: StartServer) -> None:
    """Every request that began before the end of the drain is answered: none is reset, none is
    cut.
    """
    running = start_server(PODSPLIT_DRAIN_SECONDS="2")
    ended = threading.Event()
    lost: list[str] = []
    answered: list[int] = []
    end_of_drain = [float("inf")]

    def ask() -> None:
        while not ended.is_set():
            began = time.monotonic()
            try:
                answered.append(
                    requests.post(running.url + "/v1/analyze", data=POD, timeout=20).status_code
                )
            except requests.RequestException as error:
                # The margin is for what lies between the signal and the timer that it starts.
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
    assert set(answered) == {200}
    assert len(answered) > 100
    assert code == 0
