"""The client of the protocol's own SDK: what a server says of itself, its tools, and what calls answer."""

import asyncio
import json
import sys
from typing import Any

import loopback  # noqa: F401 - before anything opens a socket
from mcp.client.client import Client


async def ask(address: str, mode: str, calls: list[Any]) -> dict[str, Any]:
    async with Client(address, mode=mode) as client:
        tools = await client.list_tools()
        answers = []
        for name, arguments in calls:
            result = await client.call_tool(name, arguments)
            answers.append(
                {"content": result.structured_content, "is_error": result.is_error}
            )
        return {
            "version": client.protocol_version,
            "tools": {tool.name: tool.input_schema for tool in tools.tools},
            "answers": answers,
        }


print(json.dumps(asyncio.run(ask(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))))
