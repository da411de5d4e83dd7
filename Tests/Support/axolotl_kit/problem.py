"""Refusals of the HTTP API as exceptions."""

from __future__ import annotations

import httpx


class Problem(Exception):
    """An `application/problem+json` answer: its HTTP status, its stable code, and what it says to a person."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail

    @classmethod
    def of(cls, response: httpx.Response) -> Problem:
        """Reads a refusal; an answer that is no problem document gets the code `not_a_problem_document`."""
        kind = response.headers.get("content-type", "").split(";")[0]
        if kind != "application/problem+json":
            return cls(response.status_code, "not_a_problem_document", response.text[:200])
        document = response.json()
        return cls(response.status_code, document["code"], document.get("detail", document.get("title", "")))

    @classmethod
    def check(cls, response: httpx.Response) -> httpx.Response:
        """The response, if it is a success; else raises."""
        if response.is_success:
            return response
        raise cls.of(response)
