"""The client against the server that FOLEYD_URL names, which has the small voice of the tests."""

# ruff: noqa: PT009, PT027
import asyncio
import unittest

import foleyd


class ClientTest(unittest.IsolatedAsyncioTestCase):
    async def test_events_come_in_order_and_done_is_what_await_gives(self) -> None:
        async with foleyd.connect() as server:
            request = server.foley_generate({"class": "dogbark", "seed": 42, "format": "s16", "previews": True})
            names, rows, pcm = [], [], b""
            async for event, data in request:
                names.append(event)
                if event == "row":
                    rows.append(data["row"])
                elif event == "audio":
                    pcm += data["pcm"]
            done = await request
            self.assertEqual(names[0], "accepted")
            self.assertIn("preview", names)
            self.assertEqual(rows, list(range(8)))
            self.assertEqual(len(pcm), 2 * 6144)
            self.assertTrue(any(pcm))
            self.assertEqual(done["clips"][0]["seed"], 42)
            self.assertEqual(await request, done, "it can be awaited again")

    async def test_one_task_hears_the_events_while_another_waits_for_the_end(self) -> None:
        async with foleyd.connect() as server:
            request = server.foley_generate({"class": "Rain", "seed": 1, "audio": False})

            async def hear() -> int:
                return len([event async for event, _ in request])

            _, done = await asyncio.wait_for(asyncio.gather(hear(), request), 60)
            self.assertEqual(done["clips"][0]["seed"], 1)

    async def test_many_requests_are_open_at_a_time_and_each_hears_its_own(self) -> None:
        async with foleyd.connect() as server:
            asked = [server.foley_generate({"class": "Rain", "seed": seed, "audio": False}) for seed in range(6)]
            echoes = [server.server_ping({"payload": str(number)}) for number in range(6)]
            done = await asyncio.gather(*asked)
            self.assertEqual([one["clips"][0]["seed"] for one in done], list(range(6)))
            self.assertEqual([(await echo)["payload"] for echo in echoes], [str(number) for number in range(6)])

    async def test_failed_is_raised_with_code_and_path(self) -> None:
        async with foleyd.connect() as server:
            with self.assertRaises(foleyd.FoleydError) as caught:
                await server.foley_generate({"class": "Unicorn"})
            self.assertEqual(caught.exception.code, "unknown_class")
            self.assertIn(caught.exception.code, foleyd.ERRORS)
            with self.assertRaises(foleyd.FoleydError) as caught:
                async for _ in server.foley_generate({"class": "Rain", "temperature": 9}):
                    pass
            self.assertEqual((caught.exception.code, caught.exception.path), ("bad_args", "args.temperature"))
            with self.assertRaises(foleyd.FoleydError) as caught:
                await server.request("foley.sing")
            self.assertEqual(caught.exception.code, "unknown_command")

    async def test_cancel_ends_a_job_with_cancelled(self) -> None:
        async with foleyd.connect() as server:
            request = server.foley_generate({"class": "Rain", "count": 64})
            async for event, _ in request:
                if event == "row":
                    request.cancel()
                    break
            with self.assertRaises(foleyd.FoleydError) as caught:
                await request
            self.assertEqual(caught.exception.code, "cancelled")

    async def test_a_timeout_of_the_caller_cancels_the_job_in_the_server(self) -> None:
        async with foleyd.connect() as server:
            request = server.foley_generate({"class": "Rain", "count": 64})
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(request, 0.05)
            while not request.ended:
                await asyncio.sleep(0.01)
            with self.assertRaises(foleyd.FoleydError) as caught:
                await request
            self.assertEqual(caught.exception.code, "cancelled")

    async def test_a_connection_that_ends_ends_every_open_request(self) -> None:
        async with foleyd.connect() as server:
            open_ones = [server.foley_generate({"class": "Rain", "count": 64}) for _ in range(3)]
            await server.server_ping()
        for request in open_ones:
            with self.assertRaises(foleyd.FoleydError) as caught:
                await request
            self.assertEqual(caught.exception.code, "connection_closed")
        with self.assertRaises(foleyd.FoleydError):
            await server.server_ping()

    async def test_an_address_where_nothing_listens_is_one_error(self) -> None:
        with self.assertRaises(foleyd.FoleydError) as caught:
            async with foleyd.connect("ws://127.0.0.1:1/ws"):
                pass
        self.assertEqual(caught.exception.code, "connection_closed")

    async def test_an_address_where_no_websocket_answers_is_the_same_error(self) -> None:
        for answer in (b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b""):

            async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: bytes = answer) -> None:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
                writer.close()

            other = await asyncio.start_server(say, "127.0.0.1", 0)
            async with other:
                port = other.sockets[0].getsockname()[1]
                with self.assertRaises(foleyd.FoleydError) as caught:
                    async with foleyd.connect(f"ws://127.0.0.1:{port}/ws"):
                        pass
            self.assertEqual(caught.exception.code, "connection_closed")


if __name__ == "__main__":
    unittest.main()
