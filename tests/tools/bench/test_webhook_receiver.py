"""What the benchmark's receiver of webhooks tells of what it was sent."""

import time

import httpx

from tools.bench.processes import receiver_process


def test_a_receiver_takes_everything_and_tells_when_each_id_came_first() -> None:
    with receiver_process() as port, httpx.Client(trust_env=False) as client:
        url, began = f"http://127.0.0.1:{port}/hooks", time.time()
        for message_id in ("one", "two", "one"):
            answer = client.post(url, content=b"x" * 3_000, headers={"webhook-id": message_id})
            assert answer.status_code == 204
        arrived = client.get(url).json()
        ended = time.time()
    assert list(arrived) == ["one", "two"]
    assert began <= arrived["one"] <= arrived["two"] <= ended


def test_a_request_that_comes_in_pieces_is_taken_once_it_is_whole() -> None:
    with receiver_process() as port, httpx.Client(trust_env=False) as client:
        url = f"http://127.0.0.1:{port}/hooks"
        headers = {"webhook-id": "slow", "content-length": "11"}
        assert (
            client.post(url, content=iter((b"first", b"second")), headers=headers).status_code
            == 204
        )
        assert list(client.get(url).json()) == ["slow"]
