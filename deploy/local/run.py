"""Runs a stack until it is ended: by Ctrl-C, SIGTERM, a closed terminal, or a process that keeps dying."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from typing import Final

from deploy.local.stack import LocalStack
from deploy.local.stack_options import StackOptions

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def run_stack(options: StackOptions, work: Callable[[LocalStack], Awaitable[None]]) -> None:
    """Starts a stack, does the work, and stops the stack.

    Args:
        options: how to bring it up.
        work: is called when all is ready; it may run for ever, and is cancelled when the stack is to stop. When it
            returns, the stack goes on.

    Raises:
        InkmeterError: the stack did not come up, or can't be kept up.
    """
    # While Kafka starts or stops, its client library calls each failed connection an error; it is none here.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in SIGNALS:
        loop.add_signal_handler(number, asked.set)
    stack = LocalStack(options)
    living = asyncio.create_task(_live(stack, work))
    end = asyncio.create_task(asked.wait())
    try:
        await asyncio.wait([living, end], return_when=asyncio.FIRST_COMPLETED)
        if not living.done():
            options.say("Stopping ...")
        living.cancel()
        await asyncio.wait([living])
    finally:
        end.cancel()
        killed = await stack.stop()
        if killed:
            options.say(f"Had to be killed, as they did not end in time: {', '.join(killed)}")
        for number in SIGNALS:
            loop.remove_signal_handler(number)
    if not living.cancelled():
        living.result()


async def _live(stack: LocalStack, work: Callable[[LocalStack], Awaitable[None]]) -> None:
    await stack.start()
    working = asyncio.ensure_future(work(stack))
    failed = asyncio.create_task(stack.failed())
    try:
        done, _ = await asyncio.wait([working, failed], return_when=asyncio.FIRST_COMPLETED)
        if working in done:
            working.result()
        await failed
    finally:
        working.cancel()
        failed.cancel()
        await asyncio.wait([working, failed])
