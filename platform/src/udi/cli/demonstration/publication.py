"""The steps of a demonstration, each done once: what is done is noted in the state folder, by name."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path

from udi.cli.demonstration.content import (
    AccessContent,
    ApplicationContent,
    CallContent,
    Content,
    DataRequestContent,
    DatasetContent,
    DemonstrationError,
    PolicyContent,
    ProjectContent,
)
from udi.cli.demonstration.visitor import Visitor
from udi.kit.clock import now

PATIENCE = 120.0
"""Seconds that a file is given to be read, and a dataset to reach the portal."""
PAUSE = 1.0
LICENCE = "etalab-2.0"
MOMENT = "%Y-%m-%dT%H:%M"
Step = Callable[[], Awaitable[str]]


@dataclass
class Journal:
    """Addresses of what is published, by the name of its step, in a file."""

    path: Path
    done: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Journal":
        """The journal of a file; an empty one where there is none."""
        if not path.exists():
            return cls(path)
        return cls(path, json.loads(path.read_text()))

    def note(self, name: str, address: str) -> None:
        """Keep that a step is done."""
        self.done[name] = address
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps(self.done, indent=1, ensure_ascii=False))
        partial.rename(self.path)


@dataclass
class Publication:
    """Publishes a content on one territory with these passwords of accounts."""

    content: Content
    folder: Path
    portal: str
    node: str
    passwords: Mapping[str, str]
    journal: Journal
    report: Callable[[str], None]
    _visitors: dict[str, Visitor] = field(default_factory=dict)

    async def run(self) -> None:
        """Do every step that is not done.

        Raises:
            DemonstrationError: one is refused; those before stay, and the next run goes on.
        """
        try:
            for name, step in self._steps():
                if name not in self.journal.done:
                    self.journal.note(name, await step())
                    self.report(name)
        finally:
            for visitor in self._visitors.values():
                await visitor.__aexit__(None, None, None)

    def _steps(self) -> list[tuple[str, Step]]:
        content = self.content
        steps: list[tuple[str, Step]] = [
            (f"dataset {dataset.file}", partial(self._dataset, dataset))
            for dataset in content.datasets
        ]
        steps += [
            (f"project {project.title}", partial(self._project, project))
            for project in content.projects
        ]
        if (call := content.call) is not None:
            steps.append((f"call {call.title}", partial(self._call, call)))
        if (wish := content.data_request) is not None:
            steps.append((f"data request {wish.title}", partial(self._wish, wish)))
        if (joining := content.application) is not None:
            steps.append((f"application {joining.name}", partial(self._join, joining)))
        if (policy := content.policy) is not None:
            steps.append((f"policy {policy.dataset}", partial(self._policy, policy)))
        if (access := content.access_request) is not None:
            steps.append((f"access {access.title}", partial(self._access, access)))
        return steps

    async def _visitor(self, account: str) -> Visitor:
        if account not in self._visitors:
            if account not in self.passwords:
                raise DemonstrationError(f"There is no account {account}.")
            visitor = Visitor(self.portal, self.node)
            self._visitors[account] = visitor
            await visitor.log_in(account, self.passwords[account])
        return self._visitors[account]

    async def _dataset(self, dataset: DatasetContent) -> str:
        visitor = await self._visitor(dataset.account)
        id_ = await self._drop(visitor, dataset)
        home = f"{self.node}/datasets/{id_}"
        answers = {
            name: getattr(dataset, name)
            for name in (
                "title", "summary", "theme", "keywords", "first_day", "last_day",
                "frequency", "access",
            )
        }  # fmt: skip
        answers |= {
            "language": "fr",
            "licence": LICENCE,
            "contact": dataset.account,
        }
        await visitor.submit(f"{home}/describe", answers)
        await _wait(
            lambda: self._publish(visitor, home), f"{dataset.file} cannot be published"
        )
        return id_

    async def _drop(self, visitor: Visitor, dataset: DatasetContent) -> str:
        """The identifier of a draft with the file; the same one after a run that was interrupted."""
        name = f"file {dataset.file}"
        if name not in self.journal.done:
            content = (self.folder / dataset.file).read_bytes()
            leads = await visitor.submit(
                f"{self.node}/spaces/{dataset.space}/datasets",
                files={"file": (dataset.file, content)},
            )
            id_ = leads.removesuffix("/check").rpartition("/")[2]
            self.journal.note(name, id_)
        return self.journal.done[name]

    async def _publish(self, visitor: Visitor, home: str) -> bool:
        """Whether it is published; not as long as its file is read."""
        answer = await visitor.post(f"{home}/publish", {"reason": ""})
        if answer.status_code == HTTPStatus.CONFLICT:
            return False
        if answer.status_code != HTTPStatus.SEE_OTHER:
            raise DemonstrationError(f"{home} answered {answer.status_code}.")
        return True

    async def _project(self, project: ProjectContent) -> str:
        visitor = await self._visitor(project.account)
        form = {
            "title": project.title,
            "summary": project.summary,
            "purpose": project.purpose,
        }
        path = await visitor.submit(f"{self.portal}/projects/new", form)
        picture = (self.folder / project.picture).read_bytes()
        await visitor.submit(
            f"{self.portal}{path}/pictures",
            {"alternative": project.alternative},
            {"picture": (project.picture, picture, "image/png")},
        )
        await visitor.submit(f"{self.portal}{path}/publish")
        return path

    async def _call(self, call: CallContent) -> str:
        visitor = await self._visitor(call.account)
        closes = now() + timedelta(days=call.closes_in_days)
        results = now() + timedelta(days=call.results_in_days)
        form = {
            "title": call.title,
            "summary": call.summary,
            "words": call.words,
            "criteria": "\n".join(call.criteria),
            "closes_at": closes.strftime(MOMENT),
            "results_at": results.strftime(MOMENT),
            "datasets": "",
        }
        leads = await visitor.submit(f"{self.portal}/calls/new", form)
        path = leads.removesuffix("/organise")
        organiser = f"{self.portal}{path}/organise"
        await visitor.submit(f"{organiser}/jury", {"emails": call.account})
        await visitor.submit(f"{organiser}/open")
        return path

    async def _wish(self, wish: DataRequestContent) -> str:
        visitor = await self._visitor(wish.account)
        form = {
            "title": wish.title,
            "words": wish.words,
            "theme": wish.theme,
            "seen": "1",
        }
        return await visitor.submit(f"{self.portal}/data-requests/new", form)

    async def _join(self, application: ApplicationContent) -> str:
        visitor = await self._visitor(application.account)
        form = {
            "name": application.name,
            "country": "FR",
            "registry_number": application.registry_number,
            "kind": application.kind,
            "email": application.email,
            "url": application.url,
            "choice": "hosted",
            "charter": "1",
        }
        return await visitor.submit(f"{self.portal}/join/new", form)

    async def _policy(self, policy: PolicyContent) -> str:
        visitor = await self._visitor(policy.account)
        address = self._address_of(policy.dataset)
        await _wait(
            lambda: self._is_published(visitor, address),
            f"{policy.dataset} does not reach the portal",
        )
        form = {
            "why_fr": policy.why_fr,
            "requesters": policy.requesters,
            "purposes": policy.purposes,
            "prohibitions": policy.prohibitions,
            "months": str(policy.months),
            "renewals": "1",
            "columns": "\n".join(policy.columns),
            "answer_days": str(policy.answer_days),
            "revision": "0",
        }
        return await visitor.submit(f"{address}/access-policy/edit", form)

    async def _is_published(self, visitor: Visitor, address: str) -> bool:
        page = await visitor.get(f"{address}/access-policy/edit")
        return page.status_code == HTTPStatus.OK

    async def _access(self, access: AccessContent) -> str:
        visitor = await self._visitor(access.account)
        form = {
            "project": "new",
            "title": access.title,
            "summary": access.summary,
            "requester": "person",
            "purpose": access.purpose,
            "words": access.words,
            "months": str(access.months),
            "columns": access.columns,
        }
        address = f"{self._address_of(access.dataset)}/access-requests/new"
        return await visitor.submit(address, form)

    def _address_of(self, file: str) -> str:
        return f"{self.portal}/data/{self.journal.done[f'dataset {file}']}"


async def _wait(condition: Callable[[], Awaitable[bool]], problem: str) -> None:
    """Wait until it is so.

    Raises:
        DemonstrationError: it is not so in time.
    """
    deadline = time.monotonic() + PATIENCE
    while not await condition():
        if time.monotonic() > deadline:
            raise DemonstrationError(f"{problem} within {PATIENCE:.0f} seconds.")
        await asyncio.sleep(PAUSE)
